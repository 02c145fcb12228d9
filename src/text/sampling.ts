/** Choosing the next token from logits. */
import { FoveaError } from '../errors.ts'

export interface SamplingOptions {
  /** 0 takes the most likely token; above, logits are divided by it. Default 0. */
  temperature?: number
  /** Keep the k most likely tokens. */
  topK?: number
  /** Keep the most likely tokens until their probabilities add up to p. Holtzman et al. 2020. */
  topP?: number
  /** Keep tokens at least this share as likely as the most likely one. */
  minP?: number
  /** Divides positive and multiplies negative logits of tokens in the history. Keskar et al. 2019. Default 1. */
  repetitionPenalty?: number
  /** Makes the choices repeatable; default 0. */
  seed?: number
}

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
      throw new FoveaError('logits_invalid', 'resource', message)
    }
    if (value > -Infinity && (best < 0 || value > logits[best])) best = id
  }
  if (best < 0) throw new FoveaError('logits_empty', 'resource', 'no token is possible: every logit is -Infinity')
  return best
}

function penalised(logits: Float32Array, history: readonly number[], penalty: number): Float32Array {
  if (penalty === 1) return logits
  const out = logits.slice()
  for (const id of new Set(history)) out[id] = out[id] > 0 ? out[id] / penalty : out[id] * penalty
  return out
}

interface Candidate {
  id: number
  /** Probability relative to the most likely token's. */
  weight: number
}

/** Tokens with their weights exp((logit - largest) / temperature), most likely first, at most `limit`. */
function candidates(logits: Float32Array, largest: number, temperature: number, limit: number): Candidate[] {
  const found: Candidate[] = []
  for (let id = 0; id < logits.length; id++) {
    const weight = Math.exp((logits[id] - largest) / temperature)
    if (weight > 0) found.push({ id, weight })
  }
  found.sort((a, b) => b.weight - a.weight || a.id - b.id)
  return found.length > limit ? found.slice(0, limit) : found
}

function totalWeight(list: readonly Candidate[]): number {
  return list.reduce((sum, { weight }) => sum + weight, 0)
}

/** The shortest head of the list that holds the share `topP` of all weight. */
function nucleus(list: Candidate[], topP: number): Candidate[] {
  if (topP === 1) return list
  const enough = totalWeight(list) * topP
  let sum = 0
  const last = list.findIndex(({ weight }) => (sum += weight) >= enough)
  return last < 0 ? list : list.slice(0, last + 1)
}

function draw(list: readonly Candidate[], random: number): number {
  let left = random * totalWeight(list)
  for (const { id, weight } of list) {
    left -= weight
    if (left < 0) return id
  }
  return list.at(-1)!.id
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
    const likely = nucleus(candidates(scores, scores[best], temperature, topK), topP)
    return draw(
      likely.filter(({ weight }) => weight >= minP),
      random(),
    )
  }
}
