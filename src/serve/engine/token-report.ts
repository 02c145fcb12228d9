/** How likely the tokens of an answer were. */
import type { Tokenizer } from '../../text/tokenizer.ts'
import type { SaidToken, TokenProbability } from './job.ts'

/** Natural logarithm of the sum of exponentials. */
function logSumExp(logits: Float32Array): number {
  let largest = Number.NEGATIVE_INFINITY
  for (const value of logits) if (value > largest) largest = value
  let sum = 0
  for (const value of logits) sum += Math.exp(value - largest)
  return largest + Math.log(sum)
}

/** The ids of the largest logits, the largest first, lower ids first among equals. */
function largest(logits: Float32Array, count: number): number[] {
  const best: number[] = []
  for (let id = 0; id < logits.length && count > 0; id++) {
    if (best.length === count && logits[id] <= logits[best[count - 1]]) continue
    const at = best.findIndex((other) => logits[id] > logits[other])
    best.splice(at < 0 ? best.length : at, 0, id)
    if (best.length > count) best.pop()
  }
  return best
}

/** A token and the `count` most likely ones in its place, by the logits of the model, [vocabulary]. */
export function reportToken(tokenizer: Tokenizer, id: number, logits: Float32Array, count: number): SaidToken {
  const total = logSumExp(logits)
  const of = (some: number): TokenProbability => ({
    id: some,
    token: tokenizer.idToToken(some) === undefined ? '' : tokenizer.decode([some]),
    logprob: logits[some] - total,
  })
  return { ...of(id), top: largest(logits, count).map(of) }
}
