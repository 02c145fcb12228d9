/**
 * The vocabulary in the metadata of a GGUF file as the contents of tokenizer.json and tokenizer_config.json. Of its two
 * kinds `llama` is byte-pair merging by the scores of SentencePiece, `gpt2` by a list of merges over bytes.
 */
import { FoveaError } from '../errors.ts'
import type { AddedToken, TokenizerConfig, TokenizerJson } from '../text/inert-json.ts'
import type { GgufHeader, GgufValue } from './gguf-header.ts'

/** What `tokenizer.ggml.token_type` says of a token. */
const [CONTROL, USER_DEFINED] = [3, 4]

/** Each digit is a word; the rest is cut as GPT-2 does. */
const DIGITS = '\\p{N}'

/** How text is cut into words before it is merged, by `tokenizer.ggml.pre`; null: as GPT-2 does. */
const WORDS: Readonly<Record<string, string | null>> = {
  'gpt-2': null,
  smollm: DIGITS,
  starcoder: DIGITS,
  refact: DIGITS,
  'llama-bpe':
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  qwen2:
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
}

export interface GgufTokenizer {
  readonly json: TokenizerJson
  readonly config: TokenizerConfig
}

interface Vocabulary {
  readonly metadata: GgufHeader['metadata']
  readonly tokens: readonly string[]
  readonly vocab: Readonly<Record<string, number>>
}

const invalid = (message: string): FoveaError =>
  new FoveaError('tokenizer_invalid', 'input', `the vocabulary in the GGUF file: ${message}`)

/** Throws FoveaError `tokenizer_invalid` for a vocabulary that lacks something or is of a kind that is not read. */
export function ggufTokenizer(metadata: GgufHeader['metadata']): GgufTokenizer {
  const tokens = listOf<string>(metadata, 'tokens', 'string')
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]))
  const vocabulary = { metadata, tokens, vocab }
  const kind = metadata.get('tokenizer.ggml.model')
  if (kind !== 'llama' && kind !== 'gpt2') throw invalid(`its kind is ${show(kind)}; llama and gpt2 are read`)
  const json = kind === 'llama' ? scored(vocabulary) : merged(vocabulary)
  return { json: { ...json, added_tokens: addedTokens(vocabulary) }, config: configOf(vocabulary) }
}

const show = (value: GgufValue | undefined): string => JSON.stringify(String(value).slice(0, 60))

function listOf<T extends string | number>(
  metadata: Vocabulary['metadata'],
  name: string,
  type: 'string' | 'number',
): T[] {
  const value = metadata.get(`tokenizer.ggml.${name}`)
  if (Array.isArray(value) && value.every((each) => typeof each === type)) return value as T[]
  throw invalid(`tokenizer.ggml.${name} must be a list of ${type}s`)
}

function addedTokens({ metadata, tokens }: Vocabulary): AddedToken[] {
  const types = metadata.has('tokenizer.ggml.token_type') ? listOf<number>(metadata, 'token_type', 'number') : []
  return types.flatMap((type, id) =>
    type === CONTROL || type === USER_DEFINED
      ? { id, content: tokens[id], special: type === CONTROL, normalized: false }
      : [],
  )
}

function configOf({ metadata, tokens }: Vocabulary): TokenizerConfig {
  const named = (role: string) => {
    const id = metadata.get(`tokenizer.ggml.${role}_token_id`)
    return typeof id === 'number' ? tokens[id] : undefined
  }
  const roles = { bos_token: named('bos'), eos_token: named('eos'), pad_token: named('padding') }
  const stated = Object.entries(roles).filter(([, token]) => token !== undefined)
  const addBos = metadata.get('tokenizer.ggml.add_bos_token')
  return { ...Object.fromEntries(stated), ...(typeof addBos === 'boolean' && { add_bos_token: addBos }) }
}

/** Words that begin with `▁` instead of a space; bytes stand for what no token spells. */
function scored(vocabulary: Vocabulary): TokenizerJson {
  const { metadata, tokens, vocab } = vocabulary
  const hasPrefix = metadata.get('tokenizer.ggml.add_space_prefix') !== false
  const unknown = metadata.get('tokenizer.ggml.unknown_token_id')
  return {
    normalizer: {
      type: 'Sequence',
      normalizers: [
        ...(hasPrefix ? [{ type: 'Prepend', prepend: '▁' }] : []),
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(hasPrefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: 'BPE',
      vocab,
      merges: mergesByScore(vocabulary),
      unk_token: typeof unknown === 'number' ? tokens[unknown] : null,
      fuse_unk: true,
      byte_fallback: true,
    },
  } as TokenizerJson
}

/** Far above the longest piece of a published vocabulary; each is cut at every letter. */
const MAX_PIECE = 1000

/** Every way to make a token of two others, the best scores first; of equals the longer left part. */
function mergesByScore({ metadata, tokens, vocab }: Vocabulary): [string, string][] {
  const scores = listOf<number>(metadata, 'scores', 'number')
  const found: { readonly pair: [string, string]; readonly score: number }[] = []
  for (const [id, token] of tokens.entries()) {
    if (token.length > MAX_PIECE)
      throw invalid(`token ${id} has ${token.length} letters; at most ${MAX_PIECE} are read`)
    for (let cut = 1; cut < token.length; cut++) {
      const pair: [string, string] = [token.slice(0, cut), token.slice(cut)]
      if (pair.every((part) => Object.hasOwn(vocab, part))) found.push({ pair, score: scores[id] })
    }
  }
  found.sort((a, b) => b.score - a.score || b.pair[0].length - a.pair[0].length)
  return found.map(({ pair }) => pair)
}

/** Merges over bytes, each byte written as a letter. */
function merged({ metadata, vocab }: Vocabulary): TokenizerJson {
  const pre = String(metadata.get('tokenizer.ggml.pre') ?? 'gpt-2')
  if (!Object.hasOwn(WORDS, pre))
    throw invalid(`it cuts words as ${show(pre)} does; ${Object.keys(WORDS).join(', ')} are read`)
  const words = WORDS[pre]
  const asGpt2 = words === null || words === DIGITS
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: asGpt2 }
  const split = { type: 'Split', pattern: { Regex: words }, behavior: 'Isolated', invert: false }
  return {
    normalizer: pre === 'qwen2' ? { type: 'NFC' } : null,
    pre_tokenizer: words === null ? bytes : { type: 'Sequence', pretokenizers: [split, bytes] },
    post_processor: null,
    decoder: bytes,
    model: {
      type: 'BPE',
      vocab,
      merges: listOf<string>(metadata, 'merges', 'string'),
      unk_token: null,
      byte_fallback: false,
      ignore_merges: pre === 'llama-bpe',
    },
  } as TokenizerJson
}
