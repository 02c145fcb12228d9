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
import { hasNestedRepeat } from './regex-safety.ts'
import { createSpecialTokens, type PromptPart } from './special-tokens.ts'

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

function checkPatterns(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, item] of Object.entries(value)) {
    if (key === 'Regex' && typeof item === 'string' && hasNestedRepeat(item)) {
      throw invalid(
        'tokenizer_invalid',
        `the tokenizer's pattern ${item.slice(0, 80)} can take exponential time; refused`,
      )
    }
    if (key !== 'vocab' && key !== 'merges') checkPatterns(item)
  }
}

const MODEL_TYPES = ['BPE', 'WordPiece', 'Unigram']

function checkModel(json: TokenizerJson): void {
  const type = json.model.type
  if (type === undefined || MODEL_TYPES.includes(type)) return // old files state no type
  const known = MODEL_TYPES.join(', ')
  throw invalid('tokenizer_invalid', `tokenizer.json has a model of type "${type}"; supported are ${known}`)
}

/** What is walked through here must be lists; the library looks at the rest. */
function checkLists({ added_tokens = [], model: { merges = [] } }: TokenizerJson): void {
  if (!Array.isArray(added_tokens) || !Array.isArray(merges ?? []))
    throw invalid('tokenizer_invalid', 'tokenizer.json is damaged: added_tokens and merges must be lists')
}

function createLibraryTokenizer(json: TokenizerJson, config: TokenizerConfig): LibraryTokenizer {
  try {
    return new LibraryTokenizer(json, config)
  } catch (cause) {
    throw invalid('tokenizer_invalid', 'tokenizer.json is damaged or of a kind that is not supported', cause)
  }
}

/** What the post-processor puts before and after a text. */
function frameOf(library: LibraryTokenizer): { readonly before: number[]; readonly after: number[] } {
  const bare = library.encode('a', { add_special_tokens: false }).ids
  const whole = library.encode('a', { add_special_tokens: true }).ids
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

/**
 * Builds a tokenizer from the parsed contents of tokenizer.json and tokenizer_config.json.
 * @param inert further tokens that user text must not produce; special tokens always are
 * @throws FoveaError `tokenizer_invalid`; methods throw `text_too_long`, `token_id_invalid`
 */
export function createTokenizer(
  json: TokenizerJson,
  config: TokenizerConfig = {},
  inert: readonly string[] = [],
): Tokenizer {
  checkModel(json)
  checkLists(json)
  checkPatterns(json)
  const full = createLibraryTokenizer(json, config)
  const plain = inertTokenizerJson(json, config, inert)
  const opening = createLibraryTokenizer(plain.json, config)
  const continuing = plain.continued ? createLibraryTokenizer(plain.continued, config) : opening
  const rules = new Map((json.added_tokens ?? []).map((token) => [token.content, token]))
  const tokens = plain.tokens.map((content) => ({ ...rules.get(content), content }))
  const vocabSize = 1 + [...full.get_vocab().values()].reduce((largest, id) => Math.max(largest, id), -1)

  function encodePlain(text: string, atStart: boolean): number[] {
    if (text === '') return []
    return (atStart ? opening : continuing).encode(text, { add_special_tokens: false }).ids
  }

  function decodeKnown(ids: readonly number[], skipSpecial: boolean): string {
    const unknown = ids.find((id) => full.id_to_token(id) === undefined)
    if (unknown !== undefined) throw invalid('token_id_invalid', `there is no token with id ${unknown}`)
    if (ids.length === 0) return ''
    const cleanUp = config.clean_up_tokenization_spaces ?? false
    return full.decode([...ids], { skip_special_tokens: skipSpecial, clean_up_tokenization_spaces: cleanUp })
  }

  const bosToken = contentOf(config.bos_token)
  const { before, after } = frameOf(full)
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
        return special ? specials.split(wellFormed(text)).flatMap(idsOf) : encodePlain(wellFormed(text), true)
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
