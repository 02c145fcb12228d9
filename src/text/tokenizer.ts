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
import { inertTokenizerJson, type TokenizerConfig, type TokenizerJson } from './inert-json.ts'
import { hasNestedRepeat } from './regex-safety.ts'

export type { TokenizerConfig, TokenizerJson } from './inert-json.ts'

/** Longest text that is tokenised, in UTF-16 code units. */
export const MAX_TEXT_LENGTH = 4_000_000

export interface EncodeOptions {
  /** Recognise special tokens, except those broken by `protect`; default false. */
  special?: boolean
}

export interface Tokenizer {
  vocabSize: number
  encode(text: string, options?: EncodeOptions): number[]
  /** Marks user text for use inside a text that is encoded with `special: true`. */
  protect(text: string): string
  /** Removes the marks of `protect`, for showing the text. */
  unprotect(text: string): string
  decode(ids: readonly number[], options?: { skipSpecial?: boolean }): string
  tokenToId(token: string): number | undefined
  idToToken(id: number): string | undefined
}

/** A noncharacter of Unicode, which no text should hold: it follows the first character of a harmless "special" token. */
const MARK = '\uFDD0'

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

function createLibraryTokenizer(json: TokenizerJson, config: TokenizerConfig): LibraryTokenizer {
  try {
    return new LibraryTokenizer(json, config)
  } catch (cause) {
    throw invalid('tokenizer_invalid', 'tokenizer.json is damaged or of a kind that is not supported', cause)
  }
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** Matches any of `tokens`; longer ones first, because one may begin another. */
function anyOf(tokens: readonly string[]): string {
  const longestFirst = [...tokens].sort((a, b) => b.length - a.length)
  return longestFirst.map(escapeRegex).join('|') || '(?!)'
}

/**
 * A function that breaks every special token in a text with a mark, also those that would only be complete together
 * with text that follows.
 */
function createProtect(tokens: readonly string[]): (text: string) => string {
  const whole = new RegExp(`(?=${anyOf(tokens)}).`, 'gsu')
  const beginnings = new Set(tokens.flatMap((token) => Array.from(token, (_, i) => token.slice(0, i + 1)).slice(0, -1)))
  const cut = new RegExp(`(?=(?:${anyOf([...beginnings])})$).`, 'gsu')
  const longest = Math.max(0, ...tokens.map((token) => token.length))
  return (text) => {
    const marked = text.replaceAll(MARK, '').replace(whole, `$&${MARK}`)
    const border = Math.max(0, marked.length - 2 * longest)
    return marked.slice(0, border) + marked.slice(border).replace(cut, `$&${MARK}`)
  }
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
  checkPatterns(json)
  const full = createLibraryTokenizer(json, config)
  const plain = inertTokenizerJson(json, config, inert)
  const first = createLibraryTokenizer(plain.json, config)
  const later = plain.continued ? createLibraryTokenizer(plain.continued, config) : first
  const specialIds = new Map(plain.tokens.map((token) => [token, full.token_to_id(token)!]))
  const rule = new Map((json.added_tokens ?? []).map((token) => [token.content, token]))
  const protect = createProtect(plain.tokens)
  const pattern = new RegExp(`(?:${anyOf(plain.tokens)})(?!${MARK})`, 'gu')
  const vocabSize = full.get_vocab().size

  function encodePlain(text: string, isFirst: boolean): number[] {
    if (text === '') return []
    return (isFirst ? first : later).encode(text, { add_special_tokens: false }).ids
  }

  /** Cuts at special tokens; each stretch between two is encoded as a whole, user text in it included. */
  function encodeSpecial(text: string): number[] {
    const ids: number[] = []
    let end = 0
    let trim = false
    const stretch = (to: number, next?: string) => {
      let part = text.slice(end, to)
      if (trim) part = part.trimStart()
      if (next && rule.get(next)?.lstrip) part = part.trimEnd()
      // One push per id: spreading a long stretch would overflow the stack.
      for (const id of encodePlain(part.replaceAll(MARK, ''), end === 0)) ids.push(id)
    }
    for (const match of text.matchAll(pattern)) {
      const token = match[0]
      stretch(match.index, token)
      ids.push(specialIds.get(token)!)
      end = match.index + token.length
      trim = rule.get(token)?.rstrip ?? false
    }
    stretch(text.length)
    return ids
  }

  function encode(text: string, { special = false }: EncodeOptions = {}): number[] {
    if (text.length > MAX_TEXT_LENGTH) {
      throw invalid('text_too_long', `the text has ${text.length} characters; the limit is ${MAX_TEXT_LENGTH}`)
    }
    return special ? encodeSpecial(wellFormed(text)) : encodePlain(wellFormed(text), true)
  }

  function decode(ids: readonly number[], { skipSpecial = false } = {}): string {
    const unknown = ids.find((id) => full.id_to_token(id) === undefined)
    if (unknown !== undefined) throw invalid('token_id_invalid', `there is no token with id ${unknown}`)
    if (ids.length === 0) return ''
    const cleanUp = config.clean_up_tokenization_spaces ?? false
    return full.decode([...ids], { skip_special_tokens: skipSpecial, clean_up_tokenization_spaces: cleanUp })
  }

  return {
    vocabSize,
    encode,
    protect,
    unprotect: (text) => text.replaceAll(MARK, ''),
    decode,
    tokenToId: (token) => full.token_to_id(token),
    idToToken: (id) => full.id_to_token(id),
  }
}
