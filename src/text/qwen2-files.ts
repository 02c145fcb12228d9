/** The tokenizer of Qwen2 in the form of before tokenizer.json: vocab.json, merges.txt, and added tokens beside them. */
import { readModelFile, readModelJson } from './model-file.ts'

/** How Qwen2 cuts text into words, from its paper's code (Yang et al., arXiv 2407.10671). */
const WORDS =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false }

/**
 * What tokenizer.json would hold, or undefined where the files are not there or `tokenizer_class` is another.
 * @throws FoveaError those of reading files
 */
export async function readQwen2Files(
  folder: string,
  config: Record<string, unknown>,
): Promise<Record<string, unknown> | undefined> {
  if (!/^Qwen2Tokenizer(Fast)?$/.test(String(config.tokenizer_class))) return undefined
  const [vocab, merges] = await Promise.all([readModelJson(folder, 'vocab.json'), readModelFile(folder, 'merges.txt')])
  if (vocab === undefined || merges === undefined) return undefined
  return {
    normalizer: { type: 'NFC' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [{ type: 'Split', pattern: { Regex: WORDS }, behavior: 'Isolated', invert: false }, byteLevel],
    },
    post_processor: byteLevel,
    decoder: byteLevel,
    added_tokens: addedTokens(config.added_tokens_decoder, await readModelJson(folder, 'added_tokens.json')),
    model: { type: 'BPE', vocab, merges: mergesOf(merges), byte_fallback: false, fuse_unk: false },
  }
}

/** One merge to a line, after a line that states the version. */
const mergesOf = (text: string): string[] =>
  text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#version'))

/** From tokenizer_config.json, which says all about a token; older files only map the texts to ids. */
function addedTokens(described: unknown, named: Record<string, unknown> = {}): object[] {
  if (typeof described === 'object' && described !== null)
    return Object.entries(described).map(([id, token]) => ({ ...(token as object), id: Number(id) }))
  return Object.entries(named).map(([content, id]) => ({ id, content, special: true, normalized: false }))
}
