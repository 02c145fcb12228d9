import {
  abs,
  and,
  cast,
  concat,
  constant,
  equal,
  fixedDim,
  gather,
  lessEqual,
  max,
  mean,
  not,
  or,
  reshape,
  select,
  slice,
  sqrt,
  square,
  sub,
  type Tensor,
} from '../../../tensor/index.ts'

export interface Prediction {
  /** How far two blocks may lie apart and still be the same. */
  readonly tau: number
  readonly metric: 'max' | 'mean' | 'rms'
  /** Whether neighbours are blocks as they were reconstructed, so that errors do not add up, or as they are. */
  readonly anchored: boolean
}

/**
 * Which blocks of a picture x [h, w, d] its neighbours do not predict: bool [h, w]. With A left of it, B above and C between them,
 * a block is predicted to be B where C is like A and not like B, else A; in the first row A, in the first column B; the first
 * block of all by nothing. Blocks are gone through by diagonals, on which none is a neighbour of another.
 */
export function unpredicted(x: Tensor, how: Prediction): Tensor {
  const [h, w] = [fixedDim('blocks', x, 0), fixedDim('blocks', x, 1)]
  const d = fixedDim('blocks', x, 2)
  const flat = reshape(x, [h * w, d])
  const rows = Array.from({ length: h }, (_, row) => row)
  const diagonal = (at: number) => {
    const places = rows.map((row) => row * w + Math.min(Math.max(at - row, 0), w - 1))
    return gather(flat, constant(places, [h], 'i64')) // [h, d]; rows that the diagonal does not meet mean nothing
  }
  const where = (is: (row: number) => boolean) => equal(constant(rows.map((row) => Number(is(row))), [h, 1]), 1) // biome-ignore format: one step
  const same = likeness(how)
  let [last, before] = [diagonal(0), diagonal(0)]
  const masks = [where(() => true)]
  for (let at = 1; at < h + w - 1; at++) {
    const X = diagonal(at)
    const [A, B, C] = [last, below(last), below(before)]
    const isVertical = and(same(C, A), not(same(C, B)))
    const isAbove = or(
      and(
        isVertical,
        where((row) => row > 0),
      ),
      where((row) => row === at),
    )
    const predicted = select(isAbove, B, A)
    const isKept = not(same(X, predicted))
    masks.push(isKept)
    ;[before, last] = [last, how.anchored ? select(isKept, X, predicted) : X]
  }
  const places = rows.flatMap((row) => Array.from({ length: w }, (_, column) => (row + column) * h + row))
  const all = reshape(cast(concat(masks, 0), 'i64'), [(h + w - 1) * h])
  return equal(reshape(gather(all, constant(places, [h * w], 'i64')), [h, w]), 1)
}

/** Each row as that below it; nothing is above the first. */
const below = (x: Tensor): Tensor => concat([slice(x, 0, 0, 1), slice(x, 0, 0, fixedDim('blocks', x, 0) - 1)], 0)

/** Whether blocks [n, d] are the same, bool [n, 1]. */
function likeness({ tau, metric }: Prediction): (a: Tensor, b: Tensor) => Tensor {
  const distance = (apart: Tensor) => {
    if (metric === 'max') return max(apart, 1, true)
    return metric === 'mean' ? mean(apart, 1, true) : sqrt(mean(square(apart), 1, true))
  }
  return (a, b) => lessEqual(distance(abs(sub(a, b))), tau)
}
