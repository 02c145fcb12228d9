import { afterVisual, attentionFrom } from '../../../pipeline/method/decoder-signals.ts'
import type { Sequence } from '../../../pipeline/method/sequence.ts'
import {
  and,
  cast,
  div,
  equal,
  greaterEqual,
  matmul,
  maximum,
  mean,
  reshape,
  sum,
  type Tensor,
  takeAlong,
} from '../../../tensor/index.ts'

/** How much what is asked looks at each visual token in a layer, mean over heads and the slots of the question: [b, v]. */
export function instructionAttention(seq: Sequence, layer: number, by: string): Tensor {
  const isAsked = cast(instruction(seq), 'f32') // [b, t]
  const share = div(isAsked, maximum(sum(isAsked, 1, true), 1))
  const looked = mean(attentionFrom(seq, layer, seq.text, by), 1) // [b, t, v]
  const [batch, asked, visual] = looked.shape
  return reshape(matmul(reshape(share, [batch, 1, asked]), looked), [batch, visual])
}

/** Text behind the last visual token, without answers and what only fills a batch up: bool [b, t]. */
function instruction(seq: Sequence): Tensor {
  const { tags, text } = seq
  const isBehind = afterVisual(seq)
  const isPrompt = tags?.answer ? and(isBehind, equal(takeAlong(tags.answer, text), 0)) : isBehind
  return tags?.segment ? and(isPrompt, greaterEqual(takeAlong(tags.segment, text), 0)) : isPrompt
}
