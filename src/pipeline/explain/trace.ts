import type { Architecture } from '../../models/family.ts'
import type { DecoderLayer } from '../../models/language/sequence.ts'
import type { Scope } from '../../nn/index.ts'
import {
  div,
  exp,
  input,
  logSoftmax,
  mean,
  mul,
  reshape,
  scatterAdd,
  slice,
  subDim,
  sum,
  type Tensor,
  takeAlong,
  topK,
} from '../../tensor/index.ts'
import { type ReadPrompt, readPrompt } from '../flow/trace-language.ts'
import { attentionFrom } from '../method/decoder-signals.ts'
import type { Method } from '../method/method.ts'
import { gatherRows } from '../method/rows.ts'
import type { Sequence } from '../method/sequence.ts'
import type { Words } from '../method/words.ts'
import { attentionOf, relevanceOf } from './relevance.ts'

/**
 * A prompt and its answer, read at once. Inputs beside those of a chunk: `said` i64 [t], the tokens of the answer, and
 * `words` i64 [1, w], which of its text tokens are looked at. Layer by layer, for those that ran:
 * - `attention.l` [w, v]: what each word looks at, mean over heads; `source.l` i64 [v]: which visual token each one is
 * - `states.l` [t, d], behind the layer, where each token of the answer is predicted; `lens.l` i64 [t, top] and
 *   `chance.l` [t, top]: the likeliest tokens there, by the last norm and the head (the logit lens)
 *
 * Once: `probability` [t], of each token of the answer, and, where all layers read the same tokens, `relevance` [v].
 */
export function traceExplanation(
  p: Scope,
  architecture: Architecture,
  method: Method,
  { words, top }: { readonly words?: Words; readonly top: number },
): Record<string, Tensor> {
  const read = readPrompt(architecture, method, p, words)
  const outputs: Record<string, Tensor> = {}
  const { language } = architecture
  const final = gatherRows(read.hidden, answerSlots(read.last))
  const scores = logSoftmax(read.logits(final))
  for (const [at, layer] of read.layers.entries()) {
    if (!layer) continue
    const seq = { ...(layer.input as Sequence), ran: read.layers }
    const isLast = at === language.layers - 1
    const states = isLast ? final : gatherRows(layer.output, answerSlots(seq))
    const normed = isLast || !language.norm ? states : language.norm(p, states)
    Object.assign(outputs, lens(at, isLast ? scores : logSoftmax(read.logits(normed)), top))
    outputs[`states.${at}`] = flat(states)
    outputs[`attention.${at}`] = flat(mean(attentionFrom(seq, at, lookers(seq), 'explain'), 1))
    outputs[`source.${at}`] = flat(seq.source)
  }
  const own = ownScores(scores)
  outputs.probability = flat(exp(own))
  if (isWhole(read.layers)) outputs.relevance = flat(relevance(read, own))
  return outputs
}

/** Of a batch of one. */
const flat = (x: Tensor): Tensor => reshape(x, x.shape.slice(1))

/** Slots of the words that look, i64 [1, w]. */
const lookers = ({ text }: Sequence): Tensor => takeAlong(text, input('words', [1, 'words'], 'i64'))

/** Slots that predict the answer, i64 [1, t]: the last ones, which hold all of it but its last token. */
function answerSlots({ text }: Pick<Sequence, 'text'>): Tensor {
  const length = text.shape[1]
  return slice(text, 1, subDim(length, 'said'), length)
}

function lens(at: number, scores: Tensor, top: number): Record<string, Tensor> {
  const found = topK(scores, Math.min(top, Number(scores.shape[2])))
  return { [`lens.${at}`]: flat(found), [`chance.${at}`]: flat(exp(takeAlong(scores, found))) }
}

/** Log-probability of each token of the answer, [1, t], of those of all tokens there, [1, t, vocabulary]. */
function ownScores(scores: Tensor): Tensor {
  const said = reshape(input('said', ['said'], 'i64'), [1, 'said', 1])
  return reshape(takeAlong(scores, said), [1, 'said'])
}

const isWhole = (layers: readonly DecoderLayer[]): boolean =>
  Array.from(layers).every((layer) => layer && layer.input.states.shape[1] === layers[0].input.states.shape[1])

/** What the visual tokens gave to the answer as a whole, [1, v]: the mean over the rows that predict its tokens. */
function relevance({ layers, last }: ReadPrompt, scores: Tensor): Tensor {
  const rows = answerSlots(last)
  const ones = exp(mul(scores, 0))
  const share = div(ones, sum(ones, 1, true))
  const row = scatterAdd([1, last.states.shape[1]], rows, share)
  return takeAlong(relevanceOf(sum(scores), attentionOf(layers, 'explain'), row), last.visual)
}
