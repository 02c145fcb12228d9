/** Choosing the next token from logits. */
import { FoveaError } from '../errors.ts'

export interface SamplingOptions {
  /** 0 takes the most likely token; above, logits are divided by it. */
  temperature?: number
  /** Keep the k most likely tokens. */
  topK?: number
  /** Keep the most likely tokens until their probabilities add up to p. Holtzman et al. 2020. */
  topP?: number
  /** Keep tokens at least this share as likely as the most likely one. */
  minP?: number
  /** Divides positive and multiplies negative logits of tokens in the history. Keskar et al. 2019. 1 is none. */
  repetitionPenalty?: number
  /** Makes the choices repeatable; default 0. */
  seed?: number
}

/** Always the most likely token, whatever a model's own defaults are. */
export const GREEDY = { temperature: 0, repetitionPenalty: 1 } as const satisfies SamplingOptions

/** Picks a token id from `logits` `[vocabulary]`; `history` holds the ids so far. */
export type Sampler = (logits: Float32Array, history: readonly number[]) => number

const RULES: Record<keyof SamplingOptions, [ok: (value: number) => boolean, rule: string]> = {
  temperature: [(v) => v >= 0 && v < Infinity, '0 or more'],
  topK: [(v) => Number.isInteger(v) && v >= 1, 'a whole number from 1'],
  topP: [(v) => v > 0 && v <= 1, 'above 0 and at most 1'],
  minP: [(v) => v >= 0 && v <= 1, 'between 0 and 1'],
  repetitionPenalty: [(v) => v > 0 && v < Infinity, 'above 0'],
  seed: [Number.isSafeInteger, 'a whole number'],
}

function checkOptions(options: SamplingOptions): void {
  for (const [name, [ok, rule]] of Object.entries(RULES)) {
    const value = options[name as keyof SamplingOptions]
    if (value === undefined || ok(value)) continue
    throw new FoveaError('sampling_option_invalid', 'usage', `${name} must be ${rule}, got ${value}`)
  }
}

/** Uniform numbers in [0, 1): the splitmix32 generator, period 2^32. */
function randomNumbers(seed: number): () => number {
  let state = (seed ^ Math.floor(seed / 2 ** 32)) | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let z = state ^ (state >>> 16)
    z = Math.imul(z, 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32
  }
}

/** The id of the largest logit, the first of equals. */
function argmax(logits: Float32Array): number {
  let best = -1
  for (let id = 0; id < logits.length; id++) {
    const value = logits[id]
    if (Number.isNaN(value) || value === Infinity) {
      const message = `the model returned ${value} for token ${id}; its weights or the input are damaged`
      throw new FoveaError('logits_invalid', 'input', message)
    }
    if (value > -Infinity && (best < 0 || value > logits[best])) best = id
  }
  if (best < 0) throw new FoveaError('logits_empty', 'input', 'no token is possible: every logit is -Infinity')
  return best
}

function penalised(logits: Float32Array, history: readonly number[], penalty: number): Float32Array {
  if (penalty === 1) return logits
  const out = logits.slice()
  for (const id of new Set(history)) out[id] = out[id] > 0 ? out[id] / penalty : out[id] * penalty
  return out
}

/** The k-th largest weight; sorting bare numbers is far cheaper than sorting ids by a comparison function. */
function kthLargest(weights: Float64Array, k: number): number {
  const heavy = weights.filter((weight) => weight > 1e-4) // the largest is 1; most of a vocabulary is far below
  const sorted = (heavy.length >= k ? heavy : weights.slice()).sort()
  return sorted[sorted.length - k]
}

/** exp((logit - largest) / temperature): probabilities up to a common factor. */
function relativeWeights(logits: Float32Array, largest: number, temperature: number): Float64Array {
  const weights = new Float64Array(logits.length)
  for (let id = 0; id < logits.length; id++) weights[id] = Math.exp((logits[id] - largest) / temperature)
  return weights
}

function idsFrom(weights: Float64Array, least: number): number[] {
  const ids: number[] = []
  for (let id = 0; id < weights.length; id++) if (weights[id] > 0 && weights[id] >= least) ids.push(id)
  return ids
}

function sumOf(weights: Float64Array, ids: readonly number[]): number {
  let sum = 0
  for (const id of ids) sum += weights[id]
  return sum
}

function sortByWeight(weights: Float64Array, ids: number[]): number[] {
  return ids.sort((a, b) => weights[b] - weights[a] || a - b)
}

/** The k most likely ids, lower ids first among equals. */
function keepTopK(weights: Float64Array, topK: number): number[] {
  if (topK >= weights.length) return idsFrom(weights, 0)
  return sortByWeight(weights, idsFrom(weights, kthLargest(weights, topK))).slice(0, topK)
}

/** The fewest most likely ids that hold the share `topP` of all weight. */
function keepTopP(weights: Float64Array, ids: number[], topP: number): number[] {
  if (topP === 1) return ids
  const total = sumOf(weights, ids)
  // Ids lighter than this add up to less than the share that may be left out, so they need no sorting.
  const negligible = ((1 - topP) * total) / ids.length
  const sorted = sortByWeight(
    weights,
    ids.filter((id) => weights[id] >= negligible),
  )
  let sum = 0
  const last = sorted.findIndex((id) => (sum += weights[id]) >= total * topP)
  return last < 0 ? sorted : sorted.slice(0, last + 1)
}

function draw(weights: Float64Array, ids: readonly number[], random: number): number {
  let left = random * sumOf(weights, ids)
  for (const id of ids) {
    left -= weights[id]
    if (left < 0) return id
  }
  return ids.at(-1)!
}

/**
 * Repetition penalty, temperature, top-k, top-p, min-p, then a draw; the largest logit at temperature 0.
 * Equal seeds and inputs give equal choices. The logits given are not changed.
 * @throws FoveaError `sampling_option_invalid`; the sampler throws `logits_invalid`, `logits_empty`
 */
export function createSampler(options: SamplingOptions = {}): Sampler {
  checkOptions(options)
  const { temperature = 0, topK = Infinity, topP = 1, minP = 0, repetitionPenalty = 1, seed = 0 } = options
  const random = randomNumbers(seed)
  return (logits, history) => {
    const scores = penalised(logits, history, repetitionPenalty)
    const best = argmax(scores)
    if (temperature === 0) return best
    const weights = relativeWeights(scores, scores[best], temperature)
    const likely = keepTopP(weights, keepTopK(weights, topK), topP)
    const kept = minP > 0 ? likely.filter((id) => weights[id] >= minP) : likely
    return draw(weights, kept, random())
  }
}
