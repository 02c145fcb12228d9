/** The whole making of fovea-mini: its stages, the loss curves and the model folder. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../../checkpoints/atomic.ts'
import { makeFolder } from '../../checkpoints/make-folder.ts'
import { llava } from '../../models/vlm/llava.ts'
import { bytesOf, type Value } from '../../runtime/index.ts'
import { createTokenizer, type TokenizerJson } from '../../text/tokenizer.ts'
import { readValues } from '../checkpoints.ts'
import { runRecipe } from '../run-recipe.ts'
import { miniConfig } from './config.ts'
import { exportMini } from './export.ts'
import { growVocabulary } from './grow.ts'
import { special } from './tokenizer.ts'
import { type MiniRun, miniStage, noBank, STAGES, type StageName } from './train.ts'
import { type Merges, miniTokenizer } from './vocabulary.ts'

/** Where and how; the shape of the model and its text encoding follow from the tokenizer. */
export interface MiniRecipe extends Omit<MiniRun, 'config' | 'encode'> {
  /** Parsed tokenizer.json. */
  readonly tokenizer: TokenizerJson
}

/** Reads a tokenizer.json of this project. */
export const readTokenizer = async (path: string): Promise<TokenizerJson> => JSON.parse(await readFile(path, 'utf8'))

/** What a vocabulary is extended to, and the folder of the run that keeps it. */
interface Extension {
  readonly tokens: number
  readonly folder: string
  readonly onNote?: (note: string) => void
}

/**
 * The tokenizer, or one that goes on from it where it has fewer tokens: made when a run begins, then read from its folder.
 * @throws FoveaError those of `makeFolder` and `writeFileAtomic`
 */
export async function extended(
  tokenizer: TokenizerJson,
  { tokens, folder, onNote }: Extension,
): Promise<TokenizerJson> {
  const { vocab, merges } = tokenizer.model as { vocab: object; merges: Merges }
  if (Object.keys(vocab).length >= tokens) return tokenizer
  const kept = join(folder, `tokenizer-${tokens}.json`)
  if (existsSync(kept)) return readTokenizer(kept)
  await makeFolder(folder)
  onNote?.(`learning a vocabulary of ${tokens} tokens from lessons`)
  const made = miniTokenizer(tokens, merges)
  await writeFileAtomic(kept, Buffer.from(JSON.stringify(made)))
  return made as unknown as TokenizerJson
}

/** Weights of a model folder, for a tokenizer that begins as its own does. */
export async function startFrom(folder: string, tokenizer: TokenizerJson): Promise<ReadonlyMap<string, Value>> {
  const own = createTokenizer(await readTokenizer(join(folder, 'tokenizer.json')))
  return growVocabulary(await readValues(join(folder, 'model.safetensors')), own, createTokenizer(tokenizer))
}

/**
 * Trains or resumes fovea-mini in `folder` and writes the model to `folder/model`. Returns that path, or undefined when
 * the signal ended the run before its last step; calling again then goes on where it stopped.
 */
export async function trainMini(recipe: MiniRecipe): Promise<string | undefined> {
  const { folder, tokenizer } = recipe
  const encoder = createTokenizer(tokenizer)
  const config = miniConfig(encoder.vocabSize, special.image)
  const { onStep, text, start } = recipe
  const architecture = llava.bind(config)
  const values = await runRecipe({
    ...recipe,
    name: 'fovea-mini',
    stages: STAGES.map((name) => miniStage({ ...recipe, config }, name)),
    data: { seed: recipe.seed, architecture, encode: remember((text) => encoder.encode(text)), bank: noBank },
    settings: { text, from: start ? digestOf(start) : 'random weights' },
    start: { known: (weight) => start?.get(weight) },
    onStep: (stage, progress) => onStep?.(stage as StageName, progress),
  })
  if (!values) return undefined
  const model = join(folder, 'model')
  await exportMini(model, { config, values, tokenizer, dtype: 'float16' })
  return model
}

/** Names weights by the SHA-256 of their names, shapes and numbers. */
function digestOf(values: ReadonlyMap<string, Value>): string {
  const hash = createHash('sha256')
  for (const [name, { dims, data }] of [...values].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(JSON.stringify([name, dims])).update(bytesOf(data))
  return `weights ${hash.digest('hex').slice(0, 16)}`
}

/** The same few questions come again and again. */
export function remember(encode: (text: string) => number[]): (text: string) => number[] {
  const known = new Map<string, number[]>()
  return (text) => {
    const ids = known.get(text) ?? encode(text)
    known.set(text, ids)
    return ids
  }
}
