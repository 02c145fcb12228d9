/**
 * Trains a byte-level BPE tokenizer and writes it in Hugging Face `tokenizer.json` form.
 * Sennrich, Haddow, Birch: "Neural Machine Translation of Rare Words with Subword Units", 2016 (algorithm 1), over bytes
 * as in GPT-2. Every byte is a token, so every text can be encoded and comes back exactly.
 */
import { FoveaError } from '../errors.ts'

/**
 * Splits text before merging: single capitals, single digits, words with the space before them, runs of signs with the
 * space before them, spaces. A space before a capital or digit stays on its own.
 */
export const DEFAULT_SPLIT_PATTERN =
  '[\\p{Lu}\\p{Lt}]|\\p{N}| ?[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s'

export interface BpeOptions {
  /** Size of the vocabulary: special tokens, 256 bytes, merges. Fewer when the corpus has no more pairs. */
  vocabSize: number
  /** Take the first ids, in this order. */
  specialTokens: readonly string[]
  /** Regular expression whose matches are never merged across; default `DEFAULT_SPLIT_PATTERN`. */
  pattern?: string
  /** Merges that were learnt before, which come first: ids of a vocabulary that is extended stay as they are. */
  known?: readonly (readonly [string, string])[]
  /** Roles for tokenizer_config.json; each must be one of `specialTokens`. */
  roles?: Partial<Record<'bos_token' | 'eos_token' | 'pad_token' | 'unk_token', string>>
}

export interface TrainedTokenizer {
  /** Content of tokenizer.json. */
  tokenizer: Record<string, unknown>
  /** Content of tokenizer_config.json. */
  config: Record<string, unknown>
}

/** GPT-2's printable stand-ins: bytes that print stand for themselves, the others move to U+0100 and up. */
function byteCharacters(): string[] {
  const prints = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(prints(byte) ? byte : next++))
}

/** One distinct piece of the corpus, as tokens, and how often it occurs. */
interface Word {
  tokens: string[]
  count: number
}

function countWords(corpus: Iterable<string>, pattern: string): Word[] {
  const counts = new Map<string, number>()
  const split = new RegExp(pattern, 'gu')
  for (const text of corpus) {
    let end = 0
    for (const match of text.matchAll(split)) {
      if (match.index > end) bump(counts, text.slice(end, match.index), 1)
      if (match[0]) bump(counts, match[0], 1)
      end = match.index + match[0].length
    }
    if (end < text.length) bump(counts, text.slice(end), 1)
  }
  const characters = byteCharacters()
  const toTokens = (piece: string) => Array.from(new TextEncoder().encode(piece), (byte) => characters[byte])
  return [...counts].map(([piece, count]) => ({ tokens: toTokens(piece), count }))
}

function bump(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by)
}

/** Counts of neighbouring tokens, keyed "left right" (no token contains a space), and the words that hold each pair. */
class PairTable {
  readonly counts = new Map<string, number>()
  readonly holders = new Map<string, Set<Word>>()

  /** Adds (sign 1) or takes away (sign -1) the pairs of one word. */
  update(word: Word, sign: 1 | -1): void {
    for (let i = 0; i + 1 < word.tokens.length; i++) {
      const pair = `${word.tokens[i]} ${word.tokens[i + 1]}`
      bump(this.counts, pair, sign * word.count)
      if (sign === 1) this.holders.set(pair, (this.holders.get(pair) ?? new Set()).add(word))
      else this.holders.get(pair)?.delete(word)
      if (this.counts.get(pair) === 0) this.counts.delete(pair)
    }
  }

  /** The most frequent pair that may merge; ties go to the first in code unit order, so training is repeatable. */
  best(): string | undefined {
    let best: string | undefined
    let most = 0
    for (const [pair, count] of this.counts) {
      if (count < most || (count === most && pair > best!) || /[A-Z0-9]/.test(pair)) continue
      best = pair
      most = count
    }
    return best
  }
}

function mergeInWord(tokens: string[], left: string, right: string): string[] {
  const merged: string[] = []
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] === left && tokens[i + 1] === right) merged.push(left + tokens[++i])
    else merged.push(tokens[i])
  }
  return merged
}

/** Up to `limit` merges, `known` ones, then most frequent first; digits and capitals never merge, whatever the pattern. */
function learnMerges(words: Word[], limit: number, known: BpeOptions['known'] = []): [string, string][] {
  const table = new PairTable()
  const merges = known.map(([left, right]): [string, string] => [left, right])
  for (const word of words) {
    word.tokens = merges.reduce((tokens, [left, right]) => mergeInWord(tokens, left, right), word.tokens)
    table.update(word, 1)
  }
  while (merges.length < limit) {
    const pair = table.best()
    if (!pair) break
    const [left, right] = pair.split(' ')
    for (const word of [...table.holders.get(pair)!]) {
      table.update(word, -1)
      word.tokens = mergeInWord(word.tokens, left, right)
      table.update(word, 1)
    }
    merges.push([left, right])
  }
  return merges
}

/** Special tokens are listed too: the reference library gives an added token that is missing here a new id. */
function buildVocab(specialTokens: readonly string[], merges: [string, string][]): Record<string, number> {
  const tokens = [...specialTokens, ...byteCharacters(), ...merges.map(([left, right]) => left + right)]
  return Object.fromEntries([...new Set(tokens)].map((token, id) => [token, id]))
}

function checkOptions({ vocabSize, specialTokens, roles = {} }: BpeOptions): void {
  const least = 256 + specialTokens.length
  const fail = (message: string) => new FoveaError('tokenizer_options_invalid', 'usage', message)
  if (!(vocabSize >= least)) throw fail(`vocabSize must be at least ${least} (256 bytes and the special tokens)`)
  if (new Set(specialTokens).size < specialTokens.length) throw fail('the same special token is listed twice')
  const unknown = Object.values(roles).find((token) => !specialTokens.includes(token))
  if (unknown !== undefined) throw fail(`"${unknown}" has a role but is not among the special tokens`)
}

/**
 * Learns merges from `corpus`.
 * @throws FoveaError `tokenizer_options_invalid`
 */
export function trainBpe(corpus: Iterable<string>, options: BpeOptions): TrainedTokenizer {
  checkOptions(options)
  const { vocabSize, specialTokens, pattern = DEFAULT_SPLIT_PATTERN, roles = {}, known } = options
  const merges = learnMerges(countWords(corpus, pattern), vocabSize - 256 - specialTokens.length, known)
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }
  const split = { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content, id) => ({ id, content, ...flags })),
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [split, byteLevel] },
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: buildVocab(specialTokens, merges),
      merges,
    },
  }
  const config = { tokenizer_class: 'PreTrainedTokenizerFast', clean_up_tokenization_spaces: false, ...roles }
  return { tokenizer, config }
}
