/**
 * Text to token ids and back, over @huggingface/tokenizers.
 *
 * Text of users must never become control tokens: `</s>` or `<image>` typed in a question is text. So there are two
 * readings of a string. `encode(text)` treats every special token as ordinary characters. `encode(text, {special: true})`
 * is for text the program itself assembled (a rendered chat template); user text inside it is marked with `protect`
 * beforehand, and what looks like a special token there stays text too.
 */
import type { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers'
import { contentOf, type TokenizerConfig, type TokenizerJson } from './inert-json.ts'
import { buildAll } from './library-tokenizer.ts'
import { withLiteralContents } from './literal-contents.ts'
import { createSpecialTokens, type PromptPart } from './special-tokens.ts'
import { invalid } from './tokenizer-error.ts'
import { checkTokenizerFields } from './tokenizer-fields.ts'
import { isSoonCut, steepnessOf, type TokenizerLimits, whileBuilding, whileReading } from './tokenizer-limits.ts'

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
  const built = whileBuilding(limits, json, () => buildAll(withLiteralContents(json), config, inert))
  const { full, opening, continuing, tokens, vocabSize, frame } = built
  const steepness = steepnessOf(json)
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

  function decodeKnown(ids: readonly number[], skipSpecial: boolean): string {
    const unknown = ids.find((id) => full.id_to_token(id) === undefined)
    if (unknown !== undefined) throw invalid('token_id_invalid', `there is no token with id ${unknown}`)
    if (ids.length === 0) return ''
    const cleanUp = config.clean_up_tokenization_spaces ?? false
    const decode = () =>
      full.decode([...ids], { skip_special_tokens: skipSpecial, clean_up_tokenization_spaces: cleanUp })
    return isPatternless ? decode() : whileReading(limits, 'joining tokens to a text', ids.length, decode)
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
        return isSoonCut(steepness, text.length)
          ? ids()
          : whileReading(limits, 'cutting this text into tokens', text.length, ids)
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
