/** A language model and its vision side, each in a GGUF file, as the files of a model folder in Hugging Face form. */
import type { GgufFile } from '../../checkpoints/gguf.ts'
import { ggufTokenizer } from '../../checkpoints/gguf-tokenizer.ts'
import { ggufLanguage } from './language.ts'
import { ggufError, numberAt, textAt, unreadGguf } from './metadata.ts'
import type { Planned } from './planned.ts'
import { kindOfVision } from './vision-kinds.ts'
import type { TokenIds } from './vision-metadata.ts'

export interface GgufModel {
  readonly tensors: ReadonlyMap<string, Planned>
  /** config.json and preprocessor_config.json. */
  readonly settings: Readonly<Record<string, string>>
  /** Files about text, made when they are first asked for: a large vocabulary takes seconds. */
  texts(): Readonly<Record<string, string>>
}

interface OutsideToken {
  readonly id: number
  readonly content: string
}

/** The ids of tokens; those that the vocabulary lacks are added behind it where they may be. */
function tokenIdsOf(file: GgufFile, rows: number) {
  const tokens = file.metadata.get('tokenizer.ggml.tokens')
  if (!Array.isArray(tokens)) throw ggufError(file, 'tokenizer.ggml.tokens is missing, so it has no vocabulary')
  const outside: OutsideToken[] = []
  const tokenId: TokenIds = (content, isOutside = false) => {
    const id = tokens.indexOf(content)
    if (id >= 0) return id
    if (!isOutside) throw unreadGguf(file, `its vocabulary has no token ${content}, which stands for pictures`)
    outside.push({ id: Math.max(tokens.length, rows) + outside.length, content })
    return outside[outside.length - 1].id
  }
  return { tokens, outside, tokenId }
}

/** What ends a turn in the templates of published models; files name only one end, which may be that of the text. */
const TURN_ENDS = ['<|eot_id|>', '<|im_end|>', '<|end|>', '<end_of_turn>', '<end_of_utterance>']

function endsOf(file: GgufFile, tokens: readonly unknown[]): number[] {
  const stated = ['eos', 'eot', 'eom'].map((role) => numberAt(file, `tokenizer.ggml.${role}_token_id`))
  const found = [...stated, ...TURN_ENDS.map((text) => tokens.indexOf(text))]
  return [...new Set(found)].filter((id): id is number => id !== undefined && id >= 0 && id < tokens.length)
}

const json = (value: unknown): string => JSON.stringify(value)

function textFiles(file: GgufFile, outside: readonly OutsideToken[], tokens: readonly unknown[]) {
  const { json: tokenizer, config } = ggufTokenizer(file.metadata)
  const added = outside.map((token) => ({ ...token, special: true, normalized: false }))
  const ends = endsOf(file, tokens)
  const template = textAt(file, 'tokenizer.chat_template')
  return {
    'tokenizer.json': json({ ...tokenizer, added_tokens: [...(tokenizer.added_tokens ?? []), ...added] }),
    'tokenizer_config.json': json({ ...config, ...(template !== undefined && { chat_template: template }) }),
    'generation_config.json': json({ ...(ends.length > 0 && { eos_token_id: ends }) }),
  }
}

/**
 * Reads the heads of both files; weights are read later.
 * @throws FoveaError kind `input`: `checkpoint_format` for what has no mapping, by name; `checkpoint_invalid` for heads that
 *   contradict themselves; `tokenizer_invalid`, from `texts`
 */
export async function ggufModel(languageFile: GgufFile, visionFile: GgufFile): Promise<GgufModel> {
  const language = await ggufLanguage(languageFile)
  const { tokens, outside, tokenId } = tokenIdsOf(languageFile, Number(language.config.vocab_size))
  const vision = kindOfVision(visionFile, language).read(visionFile, language, tokenId)
  const { tie_word_embeddings } = language.config
  const within = [...language.tensors].map(([name, planned]) => [`${vision.languagePrefix}${name}`, planned] as const)
  const config = { ...vision.config, text_config: language.config, tie_word_embeddings }
  let made: Record<string, string> | undefined
  return {
    tensors: new Map([...vision.tensors, ...within]),
    settings: { 'config.json': json(config), 'preprocessor_config.json': json(vision.preprocessor) },
    texts: () => {
      made ??= textFiles(languageFile, outside, tokens)
      return made
    },
  }
}
