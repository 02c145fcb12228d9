/**
 * Text to token ids and back, over @huggingface/tokenizers.
 *
 * Text of users must never become control tokens: `</s>` or `<image>` typed in a question is text. So there are two
 * readings of a string. `encode(text)` treats every special token as ordinary characters. `encode(text, {special: true})`
 * is for text the program itself assembled (a rendered chat template); user text inside it is marked with `protect`
 * beforehand, and what looks like a special token there stays text too.
 */
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers'
import { FoveaError } from '../errors.ts'
import { contentOf, inertTokenizerJson, type TokenizerConfig, type TokenizerJson } from './inert-json.ts'
import { withLiteralContents } from './literal-contents.ts'
import { createSpecialTokens, type PromptPart } from './special-tokens.ts'
import { type TimeLimit, TimeLimitError, unlimited } from './time-limit.ts'
import { badField, shown } from './tokenizer-error.ts'
import { checkTokenizerFields } from './tokenizer-fields.ts'

export type { TokenizerConfig, TokenizerJson } from './inert-json.ts'

/** Longest text that is tokenised, in UTF-16 code units. */
export const MAX_TEXT_LENGTH = 4_000_000

export interface EncodeOptions {
  /** Recognise special tokens, except those broken by `protect`; default false. */
  special?: boolean
}

export interface Tokenizer {
  /** Ids that go before every text of a model (BOS), by the file's post-processor or `add_bos_token`. */
  prefix: readonly number[]
  /** Ids that go after a whole text, by the file's post-processor, where a model wants its texts closed. */
  suffix: readonly number[]
  /** Texts of the tokens with these roles; undefined where the model has none. */
  bosToken?: string
  eosToken?: string
  padToken?: string
  /** One more than the largest id. */
  vocabSize: number
  encode(text: string, options?: EncodeOptions): number[]
  /** Marks user text for use inside a text that is encoded with `special: true`. */
  protect(text: string): string
  /** Removes the marks of `protect`, for showing the text. */
  unprotect(text: string): string
  decode(ids: readonly number[], options?: { skipSpecial?: boolean }): string
  tokenToId(token: string): number | undefined
  idToToken(id: number): string | undefined
  /**
   * The same tokenizer with further words as special tokens, by id; a word that it knows already gets the id that is given
   * here in prompts, too.
   */
  withWords(words: ReadonlyMap<string, number>): Tokenizer
}

/** Replaces lone surrogates, which have no UTF-8 form, by U+FFFD. */
function wellFormed(text: string): string {
  const bytes = new TextEncoder().encode(text)
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

function invalid(code: string, message: string, cause?: unknown): FoveaError {
  return new FoveaError(code, 'input', message, { cause })
}

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

function createLibraryTokenizer(json: TokenizerJson, config: TokenizerConfig): LibraryTokenizer {
  try {
    return new LibraryTokenizer(json, config)
  } catch (cause) {
    const [, stage, type] = /^Unknown (\w+) type: (.{0,60})/.exec((cause as Error).message) ?? []
    const problem = stage ? `a ${stage} of type ${type} is not supported` : 'a pattern or a table cannot be read'
    throw invalid('tokenizer_invalid', `tokenizer.json: ${problem}`, cause)
  }
}

/** What the post-processor puts before and after a text. */
function frameOf(library: LibraryTokenizer): { readonly before: number[]; readonly after: number[] } {
  const bare = library.encode('a', { add_special_tokens: false }).ids
  const { ids: whole, tokens } = library.encode('a', { add_special_tokens: true })
  const unknown = tokens.find((token) => library.token_to_id(token) === undefined)
  if (unknown !== undefined) badField('post_processor', `it adds ${shown(unknown)}, which the vocabulary lacks`)
  const start = whole.findIndex((_, at) => bare.every((id, i) => whole[at + i] === id))
  return start < 0
    ? { before: [], after: [] }
    : { before: whole.slice(0, start), after: whole.slice(start + bare.length) }
}

/** The post-processor's, unless `add_bos_token` is stated and overrules it. */
function prefixOf(
  library: LibraryTokenizer,
  prefix: readonly number[],
  addBos: unknown,
  bosToken?: string,
): readonly number[] {
  const bos = bosToken === undefined ? undefined : library.token_to_id(bosToken)
  if (addBos === false) return []
  return prefix.length === 0 && addBos === true && bos !== undefined ? [bos] : prefix
}

/** Pieces of a Unigram model that may begin in one word: the library keeps all of them at once. */
const MOST_PIECES = 8_000_000

/** As many pieces may begin at each letter as the longest one has letters. */
function limitWords(library: LibraryTokenizer, { vocab }: TokenizerJson['model']): LibraryTokenizer {
  const model = library.model as { tokenize?: (word: string) => string[] }
  const { tokenize } = model
  if (!tokenize || !Array.isArray(vocab)) return library
  const longest = vocab.reduce((most, [piece]) => Math.max(most, piece.length), 1)
  model.tokenize = (word) => {
    if (word.length * longest <= MOST_PIECES) return tokenize.call(model, word)
    const limit = Math.floor(MOST_PIECES / longest)
    throw invalid(
      'text_too_long',
      `the text has a word of ${word.length} letters; the limit of this tokenizer is ${limit}`,
    )
  }
  return library
}

/** One library tokenizer for all that a prompt may hold, and those that no text of users makes special tokens with. */
function buildAll(json: TokenizerJson, config: TokenizerConfig, inert: readonly string[]) {
  const build = (from: TokenizerJson) => limitWords(createLibraryTokenizer(from, config), json.model)
  const full = build(json)
  const plain = inertTokenizerJson(json, config, inert)
  const opening = build(plain.json)
  const continuing = plain.continued ? build(plain.continued) : opening
  return { full, opening, continuing, names: plain.tokens, frame: frameOf(full) }
}

function countEntries({ added_tokens = [], model: { vocab, merges } }: TokenizerJson): number {
  return Object.keys(vocab).length + (merges?.length ?? 0) + added_tokens.length
}

/**
 * Builds a tokenizer from the parsed contents of tokenizer.json and tokenizer_config.json.
 * @param inert further tokens that user text must not produce; special tokens always are
 * @throws FoveaError `tokenizer_invalid` naming the field, `tokenizer_slow`; methods throw `text_too_long`,
 *   `token_id_invalid`, `tokenizer_slow`
 */
export function createTokenizer(
  json: TokenizerJson,
  config: TokenizerConfig = {},
  inert: readonly string[] = [],
  limits: TokenizerLimits = {},
): Tokenizer {
  checkTokenizerFields(json, config)
  const { full, opening, continuing, names, frame } = withinTime(limits, {
    what: 'building the tokenizer',
    milliseconds: BUILDING[0] + BUILDING[1] * countEntries(json),
    run: () => buildAll(withLiteralContents(json), config, inert),
  })
  const rules = new Map((json.added_tokens ?? []).map((token) => [token.content, token]))
  const tokens = names.map((content) => ({ ...rules.get(content), content }))
  const vocabSize = 1 + [...full.get_vocab().values()].reduce((largest, id) => Math.max(largest, id), -1)

  // Each token of an answer is decoded, and a limit has a price.
  const isPatternless = !JSON.stringify(json.decoder ?? null).includes('"Regex"')

  function encodePlain(text: string, atStart: boolean): number[] {
    if (text === '') return []
    const { ids } = (atStart ? opening : continuing).encode(text, { add_special_tokens: false })
    if (ids.every(Number.isInteger)) return ids
    throw invalid(
      'tokenizer_invalid',
      'tokenizer.json: model.unk_token: it names no token for what the vocabulary lacks',
    )
  }

  function reading<T>(what: string, length: number, run: () => T): T {
    return withinTime(limits, { what, milliseconds: READING[0] + READING[1] * length, run })
  }

  function decodeKnown(ids: readonly number[], skipSpecial: boolean): string {
    const unknown = ids.find((id) => full.id_to_token(id) === undefined)
    if (unknown !== undefined) throw invalid('token_id_invalid', `there is no token with id ${unknown}`)
    if (ids.length === 0) return ''
    const cleanUp = config.clean_up_tokenization_spaces ?? false
    const decode = () =>
      full.decode([...ids], { skip_special_tokens: skipSpecial, clean_up_tokenization_spaces: cleanUp })
    return isPatternless ? decode() : reading('joining tokens to a text', ids.length, decode)
  }

  const bosToken = contentOf(config.bos_token)
  const { before, after } = frame
  const roles = {
    prefix: prefixOf(full, before, config.add_bos_token, bosToken),
    suffix: after,
    bosToken,
    eosToken: contentOf(config.eos_token),
    padToken: contentOf(config.pad_token),
  }

  function withWords(words: ReadonlyMap<string, number>): Tokenizer {
    const specials = createSpecialTokens([...tokens, ...[...words.keys()].map((content) => ({ content }))])
    const fresh = [...words].filter(([word]) => full.token_to_id(word) === undefined)
    const wordOf = new Map(fresh.map(([word, id]) => [id, word]))
    const idsOf = ({ text, special, first }: PromptPart) =>
      special ? [words.get(text) ?? full.token_to_id(text)!] : encodePlain(text, first)
    return {
      ...roles,
      vocabSize: Math.max(vocabSize, ...[...words.values()].map((id) => id + 1)),
      encode: (text, { special = false } = {}) => {
        assertLength(text)
        const ids = () =>
          special ? specials.split(wellFormed(text)).flatMap(idsOf) : encodePlain(wellFormed(text), true)
        return reading('cutting this text into tokens', text.length, ids)
      },
      protect: specials.protect,
      unprotect: specials.unprotect,
      decode: (ids, { skipSpecial = false } = {}) => {
        const ends = ids.flatMap((id, at) => (wordOf.has(id) ? [at] : []))
        const pieces = [...ends, ids.length].map((end, at) =>
          decodeKnown(ids.slice(at ? ends[at - 1] + 1 : 0, end), skipSpecial),
        )
        return pieces.map((piece, at) => piece + (skipSpecial ? '' : (wordOf.get(ids[ends[at]]) ?? ''))).join('')
      },
      tokenToId: (token) => words.get(token) ?? full.token_to_id(token),
      idToToken: (id) => wordOf.get(id) ?? full.id_to_token(id),
      withWords: (more) => withWords(new Map([...words, ...more])),
    }
  }
  return withWords(new Map())
}

function assertLength({ length }: string): void {
  if (length > MAX_TEXT_LENGTH)
    throw invalid('text_too_long', `the text has ${length} characters; the limit is ${MAX_TEXT_LENGTH}`)
}
