import type { DecoderLayer } from '../../models/language/sequence.ts'
import {
  add,
  and,
  cast,
  constant,
  fixedDim,
  greater,
  input,
  log,
  mean,
  mul,
  reshape,
  slice,
  sum,
  type Tensor,
  weightedMean,
} from '../../tensor/index.ts'

/** Heads of a layer that are told where to look. */
const HEADS = 2

/** A share of attention that costs no more than this many nats. */
const LEAST = 1e-3

/**
 * Where heads look from the last token of a question: at what it is about in the layer before `evidence`, and one layer
 * earlier at what that is told from, such as the other thing of a relation. Minus the logarithm of the share of attention
 * that lies on patches of its box. The picture comes first, then `text` slots.
 */
export function lookingLoss(layers: readonly DecoderLayer[], evidence: number, text: number, of: string): Tensor {
  const losses = [0, 1].flatMap((box) => {
    const attention = layers[evidence - 1 - box]?.attention
    return attention ? [missedBy(attention(), box, text, of)] : []
  })
  return losses.reduce(add, constant([0], []))
}

/** weights [b, h, n + t, n + t] of a layer; of the first or second box of each question. */
function missedBy(weights: Tensor, box: number, text: number, of: string): Tensor {
  const [batch] = weights.shape
  const patches = fixedDim('looking', weights, 2) - text
  const own = slice(slice(slice(weights, 1, 0, HEADS), 2, patches), 3, 0, patches)
  const pick = (x: Tensor, width: number) =>
    reshape(slice(reshape(x, [batch, text, 2, width]), 2, box, box + 1), [batch, text, width])
  const places = pick(input(`${of}places`, [batch, text, 8]), 4)
  const share = sum(mul(mean(own, 1), touchedBy(places, Math.sqrt(patches))), -1)
  const asked = reshape(pick(input(`${of}pointed`, [batch, text, 2]), 1), [batch, text])
  return weightedMean(mul(log(add(share, LEAST)), -1), asked)
}

/** 1 for patches of a grid that a box touches: boxes [b, t, 4], in shares of the picture -> [b, t, side * side]. */
function touchedBy(boxes: Tensor, side: number): Tensor {
  const cells = Array.from({ length: side * side }, (_, at) => at)
  const starts = [cells.map((at) => (at % side) / side), cells.map((at) => Math.floor(at / side) / side)]
  const row = (values: readonly number[]) => constant(values, [1, 1, cells.length])
  const edge = (at: number) => slice(boxes, 2, at, at + 1)
  const overlaps = starts.flatMap((start, axis) => [
    greater(row(start.map((from) => from + 1 / side)), edge(axis)),
    greater(edge(axis + 2), row(start)),
  ])
  return cast(overlaps.reduce(and), 'f32')
}
