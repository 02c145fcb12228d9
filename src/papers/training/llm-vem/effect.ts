/** The sweep of the weight of the text loss: how well voxels of test pictures are foretold, region by region. */
import { pearson } from '../../../evaluation/linear/correlation.ts'
import { pairedDifference } from '../../../evaluation/paired.ts'
import { pictureOf } from '../../../evaluation/picture-of.ts'
import type { Method } from '../../../pipeline/method/method.ts'
import type { Model } from '../../../pipeline/model.ts'
import { featuresOf, makeScene, measure, noiseCeiling, REGIONS, type Scene } from '../../../world/index.ts'
import { average } from '../../interpretability/ima/similarity.ts'
import { type Lab, SPLIT } from '../../reports/lab.ts'
import type { Row } from '../../reports/row.ts'
import { better } from '../../reports/verdict.ts'
import { watchModel } from '../../reports/watched-model.ts'
import { SUBJECTS, VOXELS } from './head.ts'
import { challengeScore, identityRanks } from './rank.ts'
import { cortexOf } from './trials.ts'

const LAMBDAS = [0, 0.001, 0.01, 0.1, 1] as const
/** The weight that the paper calls small, and the one that is too large. */
const [SMALL, LARGE] = [0.01, 1]
const SEEDS = 3
const [IMAGES, REPEATS] = [120, 3]
/** Test stimuli are numbered from here, so that their noise is not that of training. */
const FIRST = 1_000_000
/** A correlation that changes by less stays as it is. */
const MARGIN = 0.01

type Region = (typeof REGIONS)[number]

/** Of one training: the correlation of each voxel of each subject, its ceiling and region, and the ranks of pictures. */
interface Foretold {
  readonly correlations: readonly number[]
  readonly ceilings: readonly number[]
  readonly regions: readonly Region[]
  readonly ranks: readonly number[]
}

export async function* effect(lab: Lab): AsyncGenerator<Row> {
  const model = await lab.model()
  const [seeds, images] = lab.quick ? [1, 6] : [SEEDS, IMAGES]
  const scenes = Array.from({ length: images }, (_, index) =>
    makeScene({ split: SPLIT, seed: lab.seed, index, kind: 'objects' }),
  )
  const found = new Map<number, Foretold[]>()
  for (const lambda of LAMBDAS) {
    const runs: Foretold[] = []
    for (let seed = 1; seed <= seeds; seed++) runs.push(await foretold(lab, model, scenes, lambda, seed))
    found.set(lambda, runs)
    yield* sweepRows(lambda, runs)
  }
  yield* claimRows(lab, found)
}

function foretold(lab: Lab, model: Model, scenes: readonly Scene[], lambda: number, seed: number): Promise<Foretold> {
  return lab.remember(`voxels, lambda ${lambda}, seed ${seed}, ${scenes.length}`, async () => {
    const method = (await lab.trained({ lambda, tune: false }, seed))()
    const said: number[][] = []
    for (const scene of scenes) {
      lab.signal.throwIfAborted()
      said.push(await voxelsUnder(model, method, scene))
      lab.progress(said.length, scenes.length, `voxels, lambda ${lambda}, seed ${seed}`)
    }
    return scored(said, scenes, seed)
  })
}

/** What a trained method says of a picture, [subjects * voxels]. */
async function voxelsUnder(model: Model, method: Method, scene: Scene): Promise<number[]> {
  const watched = watchModel(model)
  await watched.model.generate({ prompt: 'a', images: [pictureOf(scene)], method, maxTokens: 0 })
  return Array.from(watched.runs[0].heads.voxels.data as Float32Array)
}

function scored(said: readonly (readonly number[])[], scenes: readonly Scene[], seed: number): Foretold {
  const cortex = cortexOf(seed)
  const features = scenes.map(featuresOf)
  const answers = Array.from({ length: SUBJECTS }, (_, subject) =>
    features.map((own, at) => meanAnswer(cortex, subject, FIRST + at, own)),
  )
  const ceilings = answers.map((_, subject) => noiseCeiling(cortex, subject, features, REPEATS))
  const places = answers.flatMap((_, subject) =>
    [...cortex.present[subject].keys()]
      .filter((voxel) => cortex.present[subject][voxel])
      .map((voxel) => ({ subject, voxel })),
  )
  const of = (subject: number, at: number) => said[at].slice(subject * VOXELS, (subject + 1) * VOXELS)
  return {
    correlations: places.map(({ subject, voxel }) =>
      pearson(
        said.map((row) => row[subject * VOXELS + voxel]),
        answers[subject].map((row) => row[voxel]),
      ),
    ),
    ceilings: places.map(({ subject, voxel }) => ceilings[subject][voxel]),
    regions: places.map(({ voxel }) => cortex.regions[voxel]),
    ranks: identityRanks(
      scenes.map((_, at) => of(0, at)),
      answers[0],
    ),
  }
}

/** The mean of some measurements. */
function meanAnswer(
  cortex: ReturnType<typeof cortexOf>,
  subject: number,
  stimulus: number,
  features: Float64Array,
): number[] {
  const repeats = Array.from({ length: REPEATS }, (_, repeat) => measure(cortex, subject, stimulus, features, repeat))
  return Array.from(repeats[0], (_, voxel) => average(repeats.map((row) => row[voxel])))
}

const row = (name: string, value: number, unit: string, count: number): Row => ({
  part: 'effect',
  name,
  value,
  unit,
  count,
})

function* sweepRows(lambda: number, runs: readonly Foretold[]): Generator<Row> {
  const [{ ranks }] = runs
  const mean = (of: (run: Foretold) => number) => average(runs.map(of))
  const score = mean(({ correlations, ceilings }) => challengeScore(correlations, ceilings))
  yield row(`lambda ${lambda}: mean of squared correlation over ceiling`, score, '%', runs.length)
  for (const region of REGIONS) {
    const own = runs.map(({ correlations, regions }) => correlations.filter((_, at) => regions[at] === region))
    if (own.some(({ length }) => length === 0) || region === 'group') continue // shapes have no group
    yield row(`lambda ${lambda}: correlation, ${region} voxels`, average(own.flat()), 'r', own.flat().length)
  }
  const first = mean((run) => run.ranks.filter((rank) => rank === 1).length / ranks.length)
  yield row(
    `lambda ${lambda}: pictures that their pattern picks out of ${ranks.length}`,
    100 * first,
    '%',
    ranks.length * runs.length,
  )
  yield row(
    `lambda ${lambda}: mean rank of the picture`,
    mean((run) => average(run.ranks)),
    'rank',
    ranks.length * runs.length,
  )
}

/** How much larger correlations of a region are under one weight than under none, voxel by voxel, over all seeds. */
function differenceOf(
  { seed }: Lab,
  found: ReadonlyMap<number, readonly Foretold[]>,
  region: Region,
  lambda: number,
  base = 0,
) {
  const pairs = found
    .get(lambda)!
    .flatMap(({ correlations, regions }, run) =>
      correlations.flatMap((first, at) =>
        regions[at] === region
          ? [{ stratum: `seed ${run}`, cluster: at, first, second: found.get(base)![run].correlations[at] }]
          : [],
      ),
    )
  return pairedDifference(pairs, { seed })
}

function* claimRows(lab: Lab, found: ReadonlyMap<number, readonly Foretold[]>): Generator<Row> {
  const rowOf = (name: string, { mean, low, high, pairs }: ReturnType<typeof differenceOf>): Row => ({
    ...row(name, mean, 'r', pairs),
    interval: [low, high],
  })
  const identity = differenceOf(lab, found, 'identity', SMALL)
  yield {
    ...rowOf(`identity voxels: correlation at lambda ${SMALL} above that at 0`, identity),
    ...better(identity, 'no text loss'),
  }
  const position = differenceOf(lab, found, 'position', SMALL)
  yield { ...rowOf(`position voxels: change of correlation at lambda ${SMALL}`, position), ...within(position) }
  const lost = differenceOf(lab, found, 'position', 0, LARGE)
  yield {
    ...rowOf(`position voxels: correlation at 0 above that at lambda ${LARGE}`, lost),
    ...better(lost, `lambda ${LARGE}`),
  }
}

/** Whether a difference is none, by its interval. */
function within({ low, high }: { readonly low: number; readonly high: number }): Pick<Row, 'holds' | 'reason'> {
  if (low > -MARGIN && high < MARGIN) return { holds: true }
  if (high <= -MARGIN || low >= MARGIN) return { holds: false, reason: `it changes by more than ${MARGIN}` }
  return { holds: 'undecided', reason: `the interval reaches beyond ${MARGIN}` }
}
