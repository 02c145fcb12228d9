/** A second reading of a tokenizer file, in which special tokens cannot be produced by any text. */

export interface AddedToken {
  id: number
  content: string
  special?: boolean
  lstrip?: boolean
  rstrip?: boolean
}

interface TokenizerModel {
  type?: string
  /** What text becomes that has no token; a text that spells it is no worse. */
  unk_token?: string | null
  vocab: Record<string, number> | [string, number][]
  merges?: ([string, string] | string)[]
}

/** Content of tokenizer.json, as far as it is looked at here. */
export interface TokenizerJson {
  added_tokens?: AddedToken[]
  pre_tokenizer?: unknown
  model: TokenizerModel
  [key: string]: unknown
}

/** Content of tokenizer_config.json, as far as it is looked at here. */
export interface TokenizerConfig {
  clean_up_tokenization_spaces?: boolean
  additional_special_tokens?: (string | { content: string })[]
  [key: string]: unknown
}

export interface InertTokenizer {
  json: TokenizerJson
  /** For text that continues after a special token, where the form of the file makes a difference. */
  continued?: TokenizerJson
  /** The tokens that `json` cannot produce and that have an id. */
  tokens: string[]
}

export function contentOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  const content = (value as { content?: unknown } | null)?.content
  return typeof content === 'string' ? content : undefined
}

/** Special tokens by flag, by role (`eos_token`, `image_token`, ...), by list, or asked for. */
function inertNames(json: TokenizerJson, config: TokenizerConfig, more: readonly string[]): Set<string> {
  const flagged = (json.added_tokens ?? []).filter((token) => token.special).map((token) => token.content)
  const roles = Object.entries(config).filter(([key]) => /_token$/.test(key))
  const named = [...roles.map(([, value]) => value), ...(config.additional_special_tokens ?? [])].map(contentOf)
  return new Set([...flagged, ...named, ...more].filter((name): name is string => name !== undefined && name !== ''))
}

/** Without the inert entries; where the position in the list is the id, they become a name that no text can hold. */
function withoutEntries(vocab: TokenizerModel['vocab'], inert: Set<string>): TokenizerModel['vocab'] {
  if (!Array.isArray(vocab)) return Object.fromEntries(Object.entries(vocab).filter(([token]) => !inert.has(token)))
  return vocab.map(([token, score], id): [string, number] => [inert.has(token) ? `\uD800${id}` : token, score])
}

function mergedToken(merge: [string, string] | string): string {
  return typeof merge === 'string' ? merge.replace(' ', '') : merge.join('')
}

/** Metaspace with the scheme "first" puts a space before the first stretch only; a later stretch needs "never". */
function neverPrefixed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(neverPrefixed)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [key, neverPrefixed(item)])
  const copy = Object.fromEntries(entries)
  return copy.prepend_scheme === 'first' ? { ...copy, prepend_scheme: 'never' } : copy
}

/** The tokenizer file with special tokens taken out of the splitter, the vocabulary and the merges. */
export function inertTokenizerJson(
  json: TokenizerJson,
  config: TokenizerConfig,
  more: readonly string[],
): InertTokenizer {
  const names = inertNames(json, config, more)
  const { vocab, merges } = json.model
  const known = new Set(Array.isArray(vocab) ? vocab.map(([token]) => token) : Object.keys(vocab))
  for (const token of json.added_tokens ?? []) known.add(token.content)
  const unproducible = new Set([...names].filter((name) => name !== json.model.unk_token))
  const model = { ...json.model, vocab: withoutEntries(vocab, unproducible) }
  if (merges) model.merges = merges.filter((merge) => !names.has(mergedToken(merge)))
  const inert = { ...json, added_tokens: (json.added_tokens ?? []).filter(({ content }) => !names.has(content)), model }
  const pre = neverPrefixed(json.pre_tokenizer)
  const differs = JSON.stringify(pre) !== JSON.stringify(json.pre_tokenizer)
  const continued = differs ? { ...inert, pre_tokenizer: pre } : undefined
  return { json: inert, continued, tokens: [...names].filter((name) => known.has(name)) }
}
