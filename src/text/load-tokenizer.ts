/** The tokenizer of a model folder. */
import { join } from 'node:path'
import { FoveaError } from '../errors.ts'
import { readModelJson } from './model-file.ts'
import { timeLimit } from './node-time-limit.ts'
import { readQwen2Files } from './qwen2-files.ts'
import { createTokenizer, type Tokenizer, type TokenizerJson } from './tokenizer.ts'

/** A file written without one of these keys means null. */
const OPTIONAL = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, added_tokens: [] }

/**
 * Loads tokenizer.json, or the files that Qwen2 had before it, and, if present, tokenizer_config.json.
 * @param inert further tokens that user text must not produce, such as the image token of config.json
 * @throws FoveaError `tokenizer_missing`, `tokenizer_invalid` naming the field, `tokenizer_slow`, `file_invalid`, `file_unreadable`, `file_too_large`
 */
export async function loadTokenizer(folder: string, inert: readonly string[] = []): Promise<Tokenizer> {
  const config = (await readModelJson(folder, 'tokenizer_config.json')) ?? {}
  const json = (await readModelJson(folder, 'tokenizer.json')) ?? (await readQwen2Files(folder, config))
  if (!json) throw new FoveaError('tokenizer_missing', 'input', `${folder}: it holds no tokenizer.json`)
  const limits = { name: join(folder, 'tokenizer.json'), timeLimit }
  try {
    return createTokenizer({ ...OPTIONAL, ...json } as unknown as TokenizerJson, config, inert, limits)
  } catch (error) {
    if (!(error instanceof FoveaError) || error.message.startsWith(folder)) throw error
    throw new FoveaError(error.code, error.kind, join(folder, error.message), { cause: error.cause })
  }
}
