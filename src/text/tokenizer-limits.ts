import type { TokenizerJson } from './inert-json.ts'
import { repeatsInRow } from './regex-safety.ts'
import { type TimeLimit, TimeLimitError, unlimited } from './time-limit.ts'
import { invalid } from './tokenizer-error.ts'

/** What a tokenizer that a stranger made is held to. */
export interface TokenizerLimits {
  /** For messages: the path of tokenizer.json. */
  readonly name?: string
  /** Ends what takes too long; nothing does unless given. */
  readonly timeLimit?: TimeLimit
}

/** Milliseconds of computing for the building of a tokenizer, and for each entry of it. */
const BUILDING = [10_000, 0.01] as const
/** The same for a text and each of its letters. */
const READING = [1000, 0.005] as const

/** Runs work within its time. Throws FoveaError `tokenizer_slow`. */
function withinTime<T>({ name = 'tokenizer.json', timeLimit = unlimited }: TokenizerLimits, work: Work<T>): T {
  try {
    return timeLimit(work.milliseconds, work.run)
  } catch (error) {
    if (error instanceof TimeLimitError)
      throw invalid(
        'tokenizer_slow',
        `${name}: ${work.what} takes ${error.message} of computing; it was stopped`,
        error,
      )
    // A text longer than there can be, or more tokens of a word than a function takes arguments.
    if (error instanceof RangeError)
      throw invalid(
        'tokenizer_slow',
        `${name}: ${work.what} makes too long a text or too many tokens of one word; it was stopped`,
        error,
      )
    throw error
  }
}

interface Work<T> {
  readonly what: string
  readonly milliseconds: number
  readonly run: () => T
}

function countEntries({ added_tokens = [], model: { vocab, merges } }: TokenizerJson): number {
  return Object.keys(vocab).length + (merges?.length ?? 0) + added_tokens.length
}

/** Builds a tokenizer. Throws FoveaError `tokenizer_slow`, and what `run` throws. */
export const whileBuilding = <T>(limits: TokenizerLimits, json: TokenizerJson, run: () => T): T =>
  withinTime(limits, {
    what: 'building the tokenizer',
    milliseconds: BUILDING[0] + BUILDING[1] * countEntries(json),
    run,
  })

/** Encodes or decodes so many letters or tokens. Throws FoveaError `tokenizer_slow`, and what `run` throws. */
export const whileReading = <T>(limits: TokenizerLimits, what: string, length: number, run: () => T): T =>
  withinTime(limits, { what, milliseconds: READING[0] + READING[1] * length, run })

/** Steps that take less than a limit on them would. */
const FEW_STEPS = 1e7

/** Whether cutting so many letters into tokens is over soon, whatever they are: a limit costs a thread of its own. */
export const isSoonCut = (steepness: number, length: number): boolean => length ** steepness <= FEW_STEPS

/** Letters that are changed one by one, without a pattern. */
const PLAIN_NORMALIZERS: readonly string[] = ['NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase']

/** The power of its letters that cutting a text takes at most; Infinity where that cannot be told. */
export function steepnessOf({ normalizer, pre_tokenizer, model }: TokenizerJson): number {
  if (model.type !== 'BPE' || !isPlain(normalizer)) return Number.POSITIVE_INFINITY
  const patterns: number[] = []
  JSON.stringify(pre_tokenizer ?? null, (key, value) => {
    if (key === 'Regex') patterns.push(repeatsInRow(String(value)))
    return value
  })
  return 1 + Math.max(1, ...patterns)
}

function isPlain(normalizer: unknown): boolean {
  if (normalizer === null || normalizer === undefined) return true
  const { type, normalizers } = normalizer as { type?: string; normalizers?: unknown }
  if (type === 'Sequence') return Array.isArray(normalizers) && normalizers.every(isPlain)
  return PLAIN_NORMALIZERS.includes(type ?? '')
}
