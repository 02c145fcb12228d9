import type { Sampling } from './job.ts'
import { badParam } from './job-error.ts'

/**
 * Adds biases to logits, and takes away the penalties of tokens that the answer has already, as OpenAI defines them:
 * logit - count * frequency - (count > 0) * presence.
 * @throws ParamError `token_id_invalid` for a bias of a token that the model does not have
 */
export function reweighOf(
  { bias = {}, presencePenalty = 0, frequencyPenalty = 0 }: Sampling,
  vocabulary: number,
): ((logits: Float32Array, said: readonly number[]) => Float32Array) | undefined {
  const biases = Object.entries(bias).map(([id, value]) => [Number(id), value] as const)
  const foreign = biases.find(([id]) => !(Number.isInteger(id) && id >= 0 && id < vocabulary))
  if (foreign)
    throw badParam('logit_bias', 'token_id_invalid', `the model has no token ${foreign[0]}; it has ${vocabulary}`)
  if (biases.length === 0 && presencePenalty === 0 && frequencyPenalty === 0) return undefined
  return (logits, said) => {
    const out = logits.slice()
    for (const [id, value] of biases) out[id] += value
    for (const id of said) out[id] -= frequencyPenalty
    for (const id of new Set(said)) out[id] -= presencePenalty
    return out
  }
}
