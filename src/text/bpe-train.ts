/** Byte-level BPE from a corpus, written in the form of a Hugging Face tokenizer.json. */

export interface BpeOptions {
  readonly vocabSize: number
  /** Tokens with ids from 0 that text never produces by merging. */
  readonly specialTokens: readonly string[]
  /** Pieces that merges never cross; must match every character. */
  readonly pattern?: string
}

/**
 * Lower-case words merge, with the space before them; capitals, digits and other marks stay single, so that spelling
 * and counting are done character by character.
 */
export const SPELLING_PATTERN = '[A-Z]|[0-9]| ?[a-z]+|[^a-zA-Z0-9]'

/** The printable stand-in of each byte that byte-level BPE uses (bytes that print stand for themselves). */
export function byteAlphabet(): string[] {
  const printable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++))
}

/** Trains merges by frequency; equal counts resolve by spelling, so the result depends on the corpus only. */
export function trainBpe(
  corpus: Iterable<string>,
  { vocabSize, specialTokens, pattern = SPELLING_PATTERN }: BpeOptions,
) {
  const alphabet = byteAlphabet()
  const words = [...countPieces(corpus, new RegExp(pattern, 'gu'), alphabet)].map(([word, count]) => ({
    symbols: [...word],
    count,
  }))
  const vocabulary = new Map([...specialTokens, ...alphabet].map((token, id) => [token, id]))
  const merges: [string, string][] = []
  while (vocabulary.size < vocabSize) {
    const best = mostFrequentPair(words)
    if (!best) break
    merges.push(best)
    vocabulary.set(best.join(''), vocabulary.size)
    for (const word of words) word.symbols = mergePair(word.symbols, best)
  }
  return tokenizerJson(vocabulary, merges, specialTokens, pattern)
}

function countPieces(corpus: Iterable<string>, pattern: RegExp, alphabet: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const text of corpus)
    for (const [piece] of text.matchAll(pattern)) {
      const word = [...new TextEncoder().encode(piece)].map((byte) => alphabet[byte]).join('')
      counts.set(word, (counts.get(word) ?? 0) + 1)
    }
  return counts
}

function mostFrequentPair(words: readonly { symbols: string[]; count: number }[]): [string, string] | undefined {
  const counts = new Map<string, number>()
  for (const { symbols, count } of words)
    for (let i = 0; i + 1 < symbols.length; i++) {
      const pair = `${symbols[i]} ${symbols[i + 1]}`
      counts.set(pair, (counts.get(pair) ?? 0) + count)
    }
  const [best] = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  return best && best[1] > 1 ? (best[0].split(' ') as [string, string]) : undefined
}

function mergePair(symbols: readonly string[], [left, right]: [string, string]): string[] {
  const merged: string[] = []
  for (let i = 0; i < symbols.length; i++) {
    const hit = symbols[i] === left && symbols[i + 1] === right
    merged.push(hit ? left + right : symbols[i])
    if (hit) i++
  }
  return merged
}

function tokenizerJson(
  vocabulary: ReadonlyMap<string, number>,
  merges: readonly [string, string][],
  specialTokens: readonly string[],
  pattern: string,
) {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content, id) => ({ id, content, ...flags })),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [{ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }, byteLevel],
    },
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
      vocab: Object.fromEntries(vocabulary),
      merges: merges.map((pair) => [...pair]),
    },
  }
}
