/**
 * What the fields of a tokenizer.json must be. The library that reads it trusts them: what is no token, no id or no pattern
 * would end in an error of the program, in an endless loop, or in other ids than those that a model was trained on.
 */
import type { TokenizerConfig, TokenizerJson } from './inert-json.ts'
import { badField, shown } from './tokenizer-error.ts'
import { checkStages } from './tokenizer-stages.ts'

/** Largest id; the largest vocabularies have 300,000 tokens. */
const MAX_ID = 4_000_000
/** Letters of a special token; the longest that are known have some forty. */
const MAX_SPECIAL = 1000
/** Letters of a token of a Unigram model, all of which are tried at every letter of a text. */
const MAX_PIECE = 256
/** Letters of a word that WordPiece cuts up; the usual limit is 100. */
const MAX_WORD = 1000

const AFFIXES = ['continuing_subword_prefix', 'continuing_subword_suffix', 'end_of_word_suffix']
const MAX_AFFIX = 100

const MODEL_TYPES = ['BPE', 'WordPiece', 'Unigram']

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function assertId(value: unknown, field: string): void {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > MAX_ID)
    badField(field, `${shown(value)} is no id; ids are whole numbers from 0 to ${MAX_ID}`)
}

/**
 * Checks all fields that are used.
 * @throws FoveaError `tokenizer_invalid` naming the field
 */
export function checkTokenizerFields(json: TokenizerJson, config: TokenizerConfig): void {
  if (!isObject(json.model)) badField('model', `it must be an object, found ${shown(json.model)}`)
  checkModel(json.model as unknown as Record<string, unknown>)
  checkAddedTokens(json.added_tokens ?? [])
  checkStages(json)
  checkConfig(config)
}

function checkModel(model: Record<string, unknown>): void {
  const { type, vocab, merges, unk_token, unk_id, max_input_chars_per_word: word } = model
  // Old files state no type.
  if (type !== undefined && !MODEL_TYPES.includes(type as string))
    badField('model.type', `${shown(type)} is not supported; supported are ${MODEL_TYPES.join(', ')}`)
  const isList = type === 'Unigram' || (type === undefined && Array.isArray(vocab))
  if (isList) checkPieces(vocab, unk_id)
  else checkVocabulary(vocab)
  if (type === 'BPE' || (!isList && merges !== undefined)) checkMerges(model)
  if (unk_token !== undefined && unk_token !== null && typeof unk_token !== 'string')
    badField('model.unk_token', `it must be a text, found ${shown(unk_token)}`)
  for (const key of AFFIXES) {
    const affix = model[key] ?? ''
    if (typeof affix !== 'string' || affix.length > MAX_AFFIX)
      badField(`model.${key}`, `it must be a text of at most ${MAX_AFFIX} letters, found ${shown(affix)}`)
  }
  if (word !== undefined && !(Number.isInteger(word) && (word as number) > 0 && (word as number) <= MAX_WORD))
    badField('model.max_input_chars_per_word', `it must be a whole number from 1 to ${MAX_WORD}, found ${shown(word)}`)
}

function checkVocabulary(vocab: unknown): void {
  if (!isObject(vocab)) badField('model.vocab', `it must map tokens to ids, found ${shown(vocab)}`)
  for (const token in vocab as object)
    assertId((vocab as Record<string, unknown>)[token], `model.vocab[${shown(token)}]`)
}

function checkPieces(vocab: unknown, unknownId: unknown): void {
  if (!Array.isArray(vocab) || vocab.length === 0)
    badField('model.vocab', `of a Unigram model it must be a list of tokens and scores, found ${shown(vocab)}`)
  for (const [at, entry] of (vocab as unknown[]).entries()) {
    const [piece, score] = Array.isArray(entry) ? entry : []
    if (typeof piece !== 'string' || !Number.isFinite(score))
      badField(`model.vocab[${at}]`, `it must be a token and its score, found ${shown(entry)}`)
    if (piece.length > MAX_PIECE)
      badField(`model.vocab[${at}]`, `a token of ${piece.length} letters; the limit is ${MAX_PIECE}`)
  }
  if (unknownId === undefined || unknownId === null) return
  const { length } = vocab as unknown[]
  if (!Number.isInteger(unknownId) || (unknownId as number) < 0 || (unknownId as number) >= length)
    badField('model.unk_id', `${shown(unknownId)} is not the place of a token; there are ${length}`)
}

/** As the reference reads them: what a merge joins, and what comes of it, must be tokens. */
function checkMerges({ merges, vocab, continuing_subword_prefix: prefix }: Record<string, unknown>): void {
  if (!Array.isArray(merges)) badField('model.merges', `it must be a list, found ${shown(merges)}`)
  const known = new Set(Object.keys(vocab as object))
  const joined = (left: string, right: string) =>
    left + (prefix && right.startsWith(prefix as string) ? right.slice((prefix as string).length) : right)
  for (const [at, merge] of (merges as unknown[]).entries()) {
    const pair = typeof merge === 'string' ? merge.split(' ') : merge
    const isPair = Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string' && part)
    if (!isPair) badField(`model.merges[${at}]`, `it must be two tokens, found ${shown(merge)}`)
    const [left, right] = pair as [string, string]
    const unknown = [left, right, joined(left, right)].find((token) => !known.has(token))
    if (unknown !== undefined) badField(`model.merges[${at}]`, `${shown(unknown)} is not in the vocabulary`)
  }
}

const FLAGS = ['special', 'lstrip', 'rstrip', 'single_word', 'normalized']

function checkAddedTokens(tokens: unknown): void {
  if (!Array.isArray(tokens)) badField('added_tokens', `it must be a list, found ${shown(tokens)}`)
  for (const [at, token] of (tokens as unknown[]).entries()) {
    const field = `added_tokens[${at}]`
    if (!isObject(token)) badField(field, `it must be an object, found ${shown(token)}`)
    const { content, id, ...rest } = token as Record<string, unknown>
    if (typeof content !== 'string') badField(`${field}.content`, `it must be a text, found ${shown(content)}`)
    assertSpecialLength(content as string, `${field}.content`)
    assertId(id, `${field}.id`)
    const flag = FLAGS.find((name) => ![undefined, null, true, false].includes(rest[name] as boolean | undefined))
    if (flag) badField(`${field}.${flag}`, `it must be true or false, found ${shown(rest[flag])}`)
  }
}

function assertSpecialLength({ length }: string, field: string): void {
  if (length > MAX_SPECIAL) badField(field, `a special token of ${length} letters; the limit is ${MAX_SPECIAL}`)
}

const CONFIG = 'tokenizer_config.json'

/** What it says of tokens. */
function checkConfig(config: TokenizerConfig): void {
  const { additional_special_tokens: more } = config
  if (more !== undefined && more !== null && !Array.isArray(more))
    badField('additional_special_tokens', `it must be a list, found ${shown(more)}`, CONFIG)
  const named = Object.entries(config).filter(([key]) => key.endsWith('_token'))
  const listed = (more ?? []).map((token, at) => [`additional_special_tokens[${at}]`, token] as const)
  for (const [field, token] of [...named, ...listed]) {
    const content = isObject(token) ? token.content : token
    if (content === undefined || content === null || typeof content === 'boolean') continue
    if (typeof content !== 'string') badField(field, `it must be a text, found ${shown(content)}`, CONFIG)
    if (content.length > MAX_SPECIAL)
      badField(field, `a special token of ${content.length} letters; the limit is ${MAX_SPECIAL}`, CONFIG)
  }
}
