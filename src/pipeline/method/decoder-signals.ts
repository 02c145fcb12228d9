/** What the language model says of each visual token, beyond what its last token looks at (`lastAttention`). */
import { attentionWeights } from '../../nn/index.ts'
import {
  add,
  arange,
  concat,
  constant,
  type Dim,
  dimValue,
  expand,
  greater,
  max,
  reshape,
  select,
  subDim,
  type Tensor,
  takeAlong,
  transpose,
} from '../../tensor/index.ts'
import { gatherRows } from './rows.ts'
import { decoderLayer, type Sequence } from './sequence.ts'

/**
 * The sequence with a layer computed on it that is run on another sequence in the end: for methods that choose tokens by
 * what the layer itself would look at. Only what is read of it is executed.
 */
export function ahead(seq: Sequence, next: (seq: Sequence) => Sequence): Sequence {
  next(seq)
  return { ...seq }
}

/** Rows of x [b or 1, h, s, ...] at slots i64 [b, r]: [b, h, r, ...]. */
function rowsAt(x: Tensor, slots: Tensor): Tensor {
  const [, ...rest] = x.shape
  const whole = x.shape[0] === slots.shape[0] ? x : expand(x, [slots.shape[0], ...rest])
  return transpose(gatherRows(transpose(whole, [0, 2, 1, 3]), slots), [0, 2, 1, 3])
}

export interface AttentionOptions {
  /** Whether what the model hides is hidden: keys ahead of a slot, outside its window, in other segments. */
  readonly masked?: boolean
}

/**
 * How much some slots (i64 [b, r]) attend to each visual token at a layer, softmax over all keys: [b, h, r, v]. Their rows
 * are computed on the side; the layer's own attention stays as it is.
 */
export function attentionFrom(
  seq: Sequence,
  layer: number,
  slots: Tensor,
  by: string,
  { masked = true }: AttentionOptions = {},
): Tensor {
  const { queries, allKeys, bias, mask, scoring } = decoderLayer(seq, layer, by)
  const [batch, heads, length] = queries.shape
  const total = allKeys.shape[2]
  const past = subDim(total, length)
  const whole = bias ?? mask?.() // where a model has neither, nothing but what lies ahead is hidden
  const own = whole && rowsAt(whole, slots)
  const hidden = masked ? (own ?? (mask ? undefined : beyond(slots, past, total))) : undefined
  const weights = attentionWeights(rowsAt(queries, slots), allKeys, hidden, scoring)
  const count = seq.visual.shape[1]
  const columns = reshape(add(seq.visual, dimValue(past)), [batch, 1, 1, count])
  return takeAlong(weights, expand(columns, [batch, heads, slots.shape[1], count]))
}

/** -1e9 where a key lies ahead of the slot that looks, [b, 1, r, past + s]. */
function beyond(slots: Tensor, past: Dim, total: Dim): Tensor {
  const queries = reshape(add(slots, dimValue(past)), [...slots.shape.slice(0, 1), 1, slots.shape[1], 1])
  return select(greater(reshape(arange(total), [1, 1, 1, total]), queries), -1e9, 0)
}

/** Whether each text token comes after all visual ones, bool [b, t]; all do where there are none. */
export function afterVisual({ visual, text }: Sequence): Tensor {
  const [batch] = visual.shape
  const least = expand(constant([-1], [1, 1], 'i64'), [batch, 1])
  return greater(text, max(concat([visual, least], 1), 1, true))
}

/** Visual tokens that the first layer was given. */
export const visualAtStart = (seq: Sequence): Dim =>
  ((seq.ran[0]?.input as Sequence | undefined) ?? seq).visual.shape[1]
