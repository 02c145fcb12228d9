/** The whole making of fovea-mini: both stages, the loss curves and the model folder. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../../checkpoints/atomic.ts'
import { createTokenizer, type TokenizerJson } from '../../text/tokenizer.ts'
import { completeSteps } from '../checkpoints.ts'
import { lossCurve } from '../loss-curve.ts'
import { readLossLog } from '../loss-log.ts'
import { keepSettings } from '../run-settings.ts'
import { miniConfig } from './config.ts'
import { exportMini } from './export.ts'
import { special } from './tokenizer.ts'
import { type MiniRun, type StageName, trainStage } from './train.ts'

/** Where and how; the shape of the model and its text encoding follow from the tokenizer. */
export interface MiniRecipe extends Omit<MiniRun, 'config' | 'encode'> {
  /** Parsed tokenizer.json. */
  readonly tokenizer: TokenizerJson
}

/** Reads a tokenizer.json of this project. */
export const readTokenizer = async (path: string): Promise<TokenizerJson> => JSON.parse(await readFile(path, 'utf8'))

/**
 * Trains or resumes fovea-mini in `folder` and writes the model to `folder/model`. Returns that path, or undefined when
 * the signal ended the run before its last step; calling again then goes on where it stopped.
 */
export async function trainMini(recipe: MiniRecipe): Promise<string | undefined> {
  const { folder, tokenizer, stages, signal } = recipe
  await keepSettings(folder, settingsOf(recipe))
  const encoder = createTokenizer(tokenizer)
  const config = miniConfig(encoder.vocabSize, special.image)
  const run: MiniRun = { ...recipe, config, encode: remember((text) => encoder.encode(text)) }
  const [finished = 0] = await completeSteps(join(folder, 'vision'))
  if (finished < stages.vision.steps) await trainStage(run, 'vision')
  if (stages.vision.steps > 0) await drawCurve(folder, 'vision')
  if (signal?.aborted) return undefined
  const values = await trainStage(run, 'dialogue')
  await drawCurve(folder, 'dialogue')
  if (signal?.aborted) return undefined
  const model = join(folder, 'model')
  await exportMini(model, { config, values, tokenizer })
  return model
}

function settingsOf({ seed, text, stages }: MiniRecipe): Record<string, number> {
  const ofStage = (name: StageName) =>
    Object.entries(stages[name]).flatMap(([key, value]) =>
      typeof value === 'number' ? [[`${name} ${key}`, value] as const] : [],
    )
  return Object.fromEntries([['seed', seed], ['text', text], ...ofStage('vision'), ...ofStage('dialogue')])
}

async function drawCurve(folder: string, stage: StageName): Promise<void> {
  const svg = lossCurve(await readLossLog(join(folder, stage)), { title: `fovea-mini, ${stage} stage` })
  await writeFileAtomic(join(folder, `${stage}.svg`), new TextEncoder().encode(svg))
}

/** The same few questions come again and again. */
function remember(encode: (text: string) => number[]): (text: string) => number[] {
  const known = new Map<string, number[]>()
  return (text) => {
    const ids = known.get(text) ?? encode(text)
    known.set(text, ids)
    return ids
  }
}
