/** Exact invariants of the similarities, the masks and of skipping. */
import { dense } from '../../../pipeline/method/compose.ts'
import { Rng } from '../../../world/rng.ts'
import { logitChange, lookUnder, questionsOf } from '../../reports/asking.ts'
import type { Lab } from '../../reports/lab.ts'
import type { Exact } from '../../reports/row.ts'
import { times } from '../xl-vlms/vectors.ts'
import { distribution, divergence, setSimilarity, tokenSimilarity } from './similarity.ts'
import { activeLayers, skip, skipOptions } from './skip.ts'
import { chanceIou, density, keepMask, maskIou, sharedMask } from './wanda.ts'

const beyond = (value: number, wanted: number, allowed: number): number => {
  const difference = Math.abs(value - wanted)
  return difference <= allowed ? 0 : difference
}

export async function* checks(lab: Lab): AsyncGenerator<Exact> {
  yield* similarityRows(lab.seed)
  yield* maskRows(lab.seed)
  yield* skipRows(lab)
}

function* similarityRows(seed: number): Generator<Exact> {
  const rng = Rng.from(seed, 'ima')
  const draw = (count: number) => Array.from({ length: count }, () => Array.from({ length: 8 }, () => rng.normal()))
  const [p, t] = [draw(12), draw(9)]
  const pairs = tokenSimilarity(p, t, 'mean')
  yield { name: 'similarity of two sets: off the mean of all pairs', value: beyond(setSimilarity(p, t), pairs, 1e-12) }
  const longer = setSimilarity(
    p.map((row) => times(row, 7)),
    t.map((row) => times(row, 0.1)),
  )
  yield { name: 'the same of scaled tokens: change', value: beyond(longer, pairs, 1e-12) }
  const own = p.map((row) => beyond(tokenSimilarity([row], [row], 'mean'), 1, 1e-12))
  yield { name: 'similarity of a token with itself: off 1', value: Math.max(...own), count: own.length }
  const q = p.map(distribution)
  const negative = q.filter((first) => q.some((second) => divergence(first, second) < -1e-12)).length
  yield { name: 'divergences of two distributions below 0', value: negative, count: q.length }
  yield {
    name: 'divergence of a distribution from itself',
    value: Math.max(...q.map((each) => divergence(each, each))),
  }
}

function* maskRows(seed: number): Generator<Exact> {
  const kept = keepMask({ rows: 2, columns: 2, data: [3, 1, -1, 2] }, [1, 4], 0.5)
  yield {
    name: 'mask of [[3, 1], [-1, 2]] under (1, 4) at 50 %: weights other than the first of each row that go',
    value: [...kept].filter((bit, at) => bit !== at % 2).length,
  }
  const rng = Rng.from(seed, 'ima', 'masks')
  const draw = (sparsity: number) => Uint8Array.from({ length: 200_000 }, () => Number(!rng.chance(sparsity)))
  for (const sparsity of [0.5, 0.3]) {
    const masks = [draw(sparsity), draw(sparsity), draw(sparsity)]
    const wanted = chanceIou(sparsity)
    const name = `random masks that drop ${100 * sparsity} %`
    yield {
      name: `${name}: overlap off ${wanted.toFixed(3)}`,
      value: beyond(maskIou(masks[0], masks[1]), wanted, 0.01),
    }
    const shared = density(sharedMask(masks))
    yield { name: `${name}: what three share, off the cube`, value: beyond(shared, (1 - sparsity) ** 3, 0.01) }
  }
}

/** Through the model: a plan that is active nowhere changes nothing, to the bit. */
async function* skipRows(lab: Lab): AsyncGenerator<Exact> {
  const [model, questions] = [await lab.model(), await questionsOf(lab)]
  const { layers } = model.parts.architecture.language
  const nowhere = [
    { name: 'an interval above the number of layers', interval: layers + 1 },
    { name: 'a start behind the end', start: layers, end: 1 },
  ]
  yield {
    name: 'layers active of 32 by the defaults of the paper: off 15',
    value: activeLayers({ start: 0, end: 31, interval: 2 }, 32).length - 15,
  }
  for (const { name, ...plan } of nowhere) {
    const method = { name: `ima:${name}`, ...skip(skipOptions.parse(plan)) }
    const changes: number[] = []
    for (const question of questions) {
      lab.signal.throwIfAborted()
      changes.push(logitChange(await lookUnder(model, method, question), await lookUnder(model, dense, question)))
    }
    yield { name: `${name}: change of logits`, value: Math.max(...changes), count: changes.length }
  }
}
