/** Frames, segments and the hard choice worked by hand, and that a caption which is not cut changes nothing. */
import { constant, evaluate, type Tensor } from '../../../tensor/index.ts'
import { Rng } from '../../../world/rng.ts'
import type { Lab } from '../../reports/lab.ts'
import type { Exact } from '../../reports/row.ts'
import { captionIn, hardChoice, staying } from './bottleneck.ts'
import { pickFrames } from './captions.ts'
import { gumbel } from './stage.ts'

const DRAWS = 20_000
const CAPTIONS = 200
const [OPENS, CLOSES] = [9, 8]

const numbers = (x: Tensor): number[] => Array.from(evaluate([x], new Map())[0].data, Number)

export function* checks({ seed }: Pick<Lab, 'seed'>): Generator<Exact> {
  const picks = [String(pickFrames(16, 6)) !== '0,2,5,8,10,13', String(pickFrames(4, 6)) !== '0,1,2,3']
  yield {
    name: 'frames picked otherwise than floor(j T / F)',
    value: picks.filter(Boolean).length,
    count: picks.length,
  }
  yield* cutCaptions(Rng.from(seed, 'vamos captions'))
  yield* noisyChoices(Rng.from(seed, 'vamos noise'))
}

/** Captions of any length, cut to any number of tokens. */
function* cutCaptions(rng: Rng): Generator<Exact> {
  const faults = { outside: 0, segments: 0, whole: 0 }
  for (let at = 0; at < CAPTIONS; at++) {
    const [before, length, behind, k] = [rng.int(0, 3), rng.int(0, 12), rng.int(1, 4), rng.int(1, 14)]
    const marks = [...ones(before), OPENS, ...ones(length), CLOSES, ...ones(behind)]
    const tokens = constant(marks, [1, marks.length], 'i64')
    const scores = constant(
      marks.map(() => rng.int(0, 3)),
      [1, marks.length],
    )
    const stays = numbers(staying(scores, captionIn(tokens, OPENS, CLOSES), k))
    const caption = stays.slice(before + 1, before + 1 + length)
    const n = Math.max(1, Math.ceil(length / k))
    const found = Array.from({ length: Math.ceil(length / n) }, (_, i) => total(caption.slice(i * n, (i + 1) * n)))
    faults.outside += marks.length - length - (total(stays) - total(caption))
    faults.segments += found.filter((count) => count !== 1).length
    faults.whole += k >= length ? length - total(caption) : 0
  }
  yield { name: 'tokens outside of captions that do not stay', value: faults.outside, count: CAPTIONS }
  yield { name: 'segments of which not exactly one token stays', value: faults.segments, count: CAPTIONS }
  yield { name: 'tokens dropped where as many stay as there are', value: faults.whole, count: CAPTIONS }
}

const ones = (count: number): number[] => new Array<number>(count).fill(1)
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

/** g = (1, 0) at tau = 1: the first is taken as often as the softmax says. */
function* noisyChoices(rng: Rng): Generator<Exact> {
  const shape = [1, DRAWS, 2]
  const g = constant(
    Array.from({ length: 2 * DRAWS }, (_, at) => 1 - (at % 2)),
    shape,
  )
  const noise = constant(
    Array.from({ length: 2 * DRAWS }, () => gumbel(rng)),
    shape,
  )
  const y = numbers(hardChoice(g, constant(ones(2 * DRAWS), shape, 'bool'), noise))
  const off = total(y.filter((_, at) => at % 2 === 0)) / DRAWS - 1 / (1 + Math.exp(-1))
  yield {
    name: 'noisy choices of (1, 0): off 0.731 by more than 0.01',
    value: Math.abs(off) < 0.01 ? 0 : off,
    count: DRAWS,
  }
  yield {
    name: 'noisy choices that are not exactly one-hot',
    value: total(y) - DRAWS + y.filter((x) => x * (1 - x) !== 0).length,
  }
}
