/** The tokenizers of @huggingface/tokenizers that one file needs. */
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers'
import { inertTokenizerJson, type TokenizerConfig, type TokenizerJson } from './inert-json.ts'
import { badField, invalid, shown } from './tokenizer-error.ts'

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
export function buildAll(json: TokenizerJson, config: TokenizerConfig, inert: readonly string[]) {
  const build = (from: TokenizerJson) => limitWords(createLibraryTokenizer(from, config), json.model)
  const full = build(json)
  const plain = inertTokenizerJson(json, config, inert)
  const opening = build(plain.json)
  const continuing = plain.continued ? build(plain.continued) : opening
  const rules = new Map((json.added_tokens ?? []).map((token) => [token.content, token]))
  const tokens = plain.tokens.map((content) => ({ ...rules.get(content), content }))
  const vocabSize = 1 + [...full.get_vocab().values()].reduce((largest, id) => Math.max(largest, id), -1)
  return { full, opening, continuing, tokens, vocabSize, frame: frameOf(full) }
}
