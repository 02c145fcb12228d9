import { gatherRows } from '../../../pipeline/method/rows.ts'
import { decoderLayer, type Sequence } from '../../../pipeline/method/sequence.ts'
import {
  add,
  and,
  cast,
  cumsum,
  dimValue,
  div,
  equal,
  expand,
  greaterEqual,
  matmul,
  maximum,
  mean,
  mul,
  reshape,
  scatterAdd,
  subDim,
  sum,
  type Tensor,
} from '../../../tensor/index.ts'
import { attentionOf } from './relevance.ts'

/** How much what is asked looks at each visual token in a layer, mean over heads and the slots of the question: [b, v]. */
export function instructionAttention(seq: Sequence, layer: number, by: string): Tensor {
  const [weights] = attentionOf([decoderLayer(seq, layer, by)], by)
  const all = mean(weights, 1) // [b, s, past + s]
  const [batch, length, keys] = all.shape
  const isAsked = cast(instruction(seq), 'f32')
  const share = div(isAsked, maximum(sum(isAsked, 1, true), 1))
  const looked = matmul(reshape(share, [batch, 1, length]), all)
  const columns = add(seq.visual, dimValue(subDim(keys, length)))
  const found = gatherRows(reshape(looked, [batch, keys, 1]), columns)
  return reshape(found, [batch, seq.visual.shape[1]])
}

/** Text behind the last visual token, without answers and what only fills a batch up: bool [b, s]. */
function instruction({ states, visual, tags }: Sequence): Tensor {
  const [batch, length] = states.shape
  const ones = add(mul(cast(visual, 'i64'), 0), 1)
  const isVisual = scatterAdd([batch, length], visual, ones)
  const before = cumsum(isVisual, 1)
  const isBehind = and(equal(isVisual, 0), equal(before, expand(sum(isVisual, 1, true), [batch, length])))
  const isPrompt = tags?.answer ? and(isBehind, equal(tags.answer, 0)) : isBehind
  return tags?.segment ? and(isPrompt, greaterEqual(tags.segment, 0)) : isPrompt
}

/** Of rows of the visual slots: x [b, s] at them, [b, v]. */
export const atVisual = (x: Tensor, visual: Tensor): Tensor => {
  const [batch, length] = x.shape
  return reshape(gatherRows(reshape(x, [batch, length, 1]), visual), [batch, visual.shape[1]])
}
