/** How LLM-VEM is trained: its head on a frozen encoder, then the attention of the encoder too. */
import type { Architecture } from '../../../models/family.ts'
import type { Scope } from '../../../nn/index.ts'
import { createScope } from '../../../nn/index.ts'
import { read } from '../../../pipeline/flow/read.ts'
import { see } from '../../../pipeline/flow/see.ts'
import { compose, dense } from '../../../pipeline/method/compose.ts'
import type { Method } from '../../../pipeline/method/method.ts'
import { allText } from '../../../pipeline/method/sequence.ts'
import { embedTokens } from '../../../pipeline/method/words.ts'
import { f32, i64, type Value } from '../../../runtime/index.ts'
import {
  add,
  arange,
  cast,
  div,
  expand,
  greaterEqual,
  input,
  maximum,
  mul,
  reshape,
  slice,
  sum,
  type Tensor,
} from '../../../tensor/index.ts'
import type { FeatureBank } from '../../../training/feature-bank.ts'
import { inputsOf, keptPictures, squareFeatures } from '../../../training/kept-pictures.ts'
import { adamw } from '../../../training/optimizers.ts'
import { type Measuring, ownWeights, type TrainingData, type TrainingStage } from '../../../training/recipe.ts'
import { warmupStableDecay } from '../../../training/schedules.ts'
import type { Batch } from '../../../training/step.ts'
import { Rng } from '../../../world/index.ts'
import { encoded, SUBJECTS, semantic, VOXELS, voxelsOf } from './head.ts'
import { type Align, alignment, maskedError } from './loss.ts'
import { captionOfShapes, cortexOf, groupPca, picturesOf, type Trial, trialsOf } from './trials.ts'

export interface StageOptions {
  readonly lambda: number
  readonly tau: number
  readonly align: Align
  readonly hidden: number
  readonly components: number
  readonly dropout: number
}

/** Trials of a step, tokens of a caption, and scenes that are drawn to find pictures of shapes among. */
const [BATCH, TEXT, SCENES] = [32, 24, 800]
const ID = 'llm-vem'
/** A method that sees as the model does; what the stages read of it is kept. */
const PLAIN: Method = compose({ name: ID })

/** The map of voxels is measured once and stays. */
const isMap = (weight: string): boolean => /\.(loadings|mean)$/.test(weight)
const isHead = (weight: string): boolean => ownWeights(weight) && !isMap(weight)
/** Attention of the vision encoder, and nothing else of it. */
const isVisionAttention = (weight: string): boolean => /vision.*attn/.test(weight)

export const headStage = (options: StageOptions): TrainingStage =>
  stageOf(options, { name: 'head', steps: 120, rate: 3e-3, trains: isHead, isKept: true })

export const tuneStage = (options: StageOptions): TrainingStage =>
  stageOf(options, {
    name: 'tune',
    steps: 20,
    rate: 3e-5,
    trains: (weight) => isHead(weight) || isVisionAttention(weight),
    isKept: false,
  })

interface StageForm extends Pick<TrainingStage, 'name' | 'steps' | 'rate' | 'trains'> {
  /** Whether the encoder is frozen, so that what it makes of pictures is kept. */
  readonly isKept: boolean
}

function stageOf(options: StageOptions, { isKept, ...form }: StageForm): TrainingStage {
  const losses = (p: Scope, architecture: Architecture) => lossesOf(p, architecture, options, isKept)
  return {
    ...form,
    batch: BATCH,
    schedule: warmupStableDecay(10, 0.4),
    optimizer: () => adamw({ weightDecay: 0.05 }),
    losses,
    batches: async (data) => {
      const bank = await bankOf(data, losses)
      const draw = isKept ? undefined : await drawing(data)
      return batchesOf(data, bank, options, draw)
    },
  }
}

async function drawing({ drawing }: TrainingData) {
  if (!drawing) throw new Error('the encoder is to be tuned, and nothing here draws pictures')
  return drawing()
}

const bankOf = (
  data: TrainingData,
  losses: (p: Scope, architecture: Architecture) => Record<string, Tensor>,
): Promise<FeatureBank> =>
  data.bank({
    scenes: SCENES,
    method: PLAIN,
    inputs: inputsOf(Object.values(losses(createScope(), data.architecture))),
  })

/** MSE of voxels, and lambda L_align where there is any. */
export function lossesOf(
  p: Scope,
  architecture: Architecture,
  options: StageOptions,
  isKept = true,
): Record<string, Tensor> {
  const { lambda, hidden, components, dropout } = options
  const side = architecture.vision.viewSize
  const pictures = isKept
    ? keptPictures(architecture, PLAIN, BATCH)
    : { pixels: input('pixels', [BATCH, 3, side, side]) }
  const own = p.at('method', ID)
  const drop = (block: number, width: number) =>
    slice(input('drop', [BATCH, 1, dropWidth(architecture)]), 2, block * width, (block + 1) * width)
  const z = encoded(own, see(p, architecture, PLAIN, pictures), hidden, dropout > 0 ? drop : undefined)
  const [measured, mask] = ['measured', 'mask'].map((name) => input(name, [BATCH, SUBJECTS, VOXELS]))
  const voxels = maskedError(voxelsOf(own, z, components), measured, mask)
  if (lambda === 0) return { voxels }
  const v = semantic(own, z, architecture.language.hiddenSize)
  const same = input('same', [BATCH, BATCH])
  return { voxels, align: mul(alignment(v, captionStates(p, architecture), same, options), lambda) }
}

/** Channels of all blocks that are read. */
function dropWidth(architecture: Architecture): number {
  const { layers } = squareFeatures(architecture)
  return Math.ceil(layers.length / 2) * Number(layers[0].hidden.shape[2])
}

/** t: the mean of what the frozen language model makes of the tokens of captions, [b, d]; ids are -1 behind their end. */
export function captionStates(p: Scope, architecture: Architecture): Tensor {
  const ids = input('ids', [BATCH, TEXT], 'i64')
  const states = embedTokens(p, architecture, dense, maximum(ids, 0))
  const positions = expand(reshape(cast(arange(TEXT), 'f32'), [1, TEXT]), [BATCH, TEXT])
  const { hidden } = read(p, architecture, dense, allText(states, positions))
  const isWord = reshape(cast(greaterEqual(ids, 0), 'f32'), [BATCH, TEXT, 1])
  return div(sum(mul(hidden, isWord), 1), add(sum(isWord, 1), 1e-6))
}

function trialsIn({ seed }: Pick<TrainingData, 'seed'>, bank: Pick<FeatureBank, 'scene' | 'scenes'>): Trial[] {
  const sceneOf = (index: number) => bank.scene(index).scene
  return trialsOf(cortexOf(seed), picturesOf(sceneOf, bank.scenes), sceneOf)
}

/** Batches as a function of seed and step. */
export function batchesOf(
  data: TrainingData,
  bank: FeatureBank,
  { dropout }: StageOptions,
  draw?: Awaited<ReturnType<typeof drawing>>,
) {
  const { present } = cortexOf(data.seed)
  const trials = trialsIn(data, bank)
  const width = dropWidth(data.architecture)
  return (step: number): Batch => {
    const rng = Rng.from(data.seed, ID, step)
    const chosen = Array.from({ length: BATCH }, () => rng.pick(trials))
    const scenes = chosen.map(({ scene }) => scene)
    const factors = Float32Array.from({ length: BATCH * width }, () => (rng.chance(dropout) ? 0 : 1 / (1 - dropout)))
    return {
      ...(draw ? { pixels: draw(scenes.map((index) => bank.scene(index).scene)) } : bank.features(scenes)),
      ...measuredIn(chosen, present),
      drop: f32([BATCH, 1, width], factors),
      same: f32([BATCH, BATCH], sameScene(scenes)),
      ids: captionIds(
        scenes.map((index) => captionOfShapes(bank.scene(index).scene)),
        data.encode,
      ),
    }
  }
}

/** 1 for two trials of one picture, but not for a trial with itself. */
export const sameScene = (scenes: readonly number[]): Float32Array =>
  Float32Array.from(scenes.flatMap((a, i) => scenes.map((b, j) => Number(i !== j && a === b))))

/** Of each trial the voxels of its subject; those of others, and those it lacks, are 0 and do not count. */
function measuredIn(trials: readonly Trial[], present: readonly Uint8Array[]): Record<'measured' | 'mask', Value> {
  const [voxels, mask] = [
    new Float32Array(trials.length * SUBJECTS * VOXELS),
    new Float32Array(trials.length * SUBJECTS * VOXELS),
  ]
  for (const [at, trial] of trials.entries()) {
    const place = (at * SUBJECTS + trial.subject) * VOXELS
    voxels.set(trial.voxels, place)
    mask.set(present[trial.subject], place)
  }
  const shape = [trials.length, SUBJECTS, VOXELS]
  return { measured: f32(shape, voxels), mask: f32(shape, mask) }
}

function captionIds(captions: readonly string[], encode: TrainingData['encode']): Value {
  const rows = captions.flatMap((caption) => {
    const ids = encode(caption).slice(0, TEXT)
    return [...ids, ...new Array<number>(TEXT - ids.length).fill(-1)]
  })
  return i64([captions.length, TEXT], rows)
}

/** Group PCA of what was measured in training, as weights of the method. */
export async function measuredMap({ data }: Measuring, components: number): Promise<ReadonlyMap<string, Value>> {
  const bank = await data.bank({ scenes: SCENES, method: PLAIN, inputs: [] })
  const trials = trialsIn(data, bank)
  const { present } = cortexOf(data.seed)
  const { loadings, mean } = groupPca(
    trials.map(({ voxels }) => voxels),
    trials.map(({ subject }) => present[subject]),
    components,
  )
  return new Map([
    [`method.${ID}.loadings`, f32([VOXELS, components], Float32Array.from(loadings.flat()))],
    [`method.${ID}.mean`, f32([VOXELS], Float32Array.from(mean))],
  ])
}
