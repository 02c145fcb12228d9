/** What loading any model takes out of its folder. */
import { basename } from 'node:path'
import type { Checkpoint } from '../checkpoints/open-checkpoint.ts'
import { FoveaError } from '../errors.ts'
import type { DType } from '../tensor/index.ts'
import { readModelJson } from '../text/model-file.ts'
import type { StoredWeights } from './quantization/node-stored-weights.ts'
import type { TableEntry } from './weight-table.ts'

/** config.json, parsed. Throws FoveaError `config_missing`, and those of `readModelJson`. */
export async function readConfig(folder: string): Promise<Record<string, unknown>> {
  const config = await readModelJson(folder, 'config.json')
  if (config) return config
  throw new FoveaError('config_missing', 'input', `${folder}: it holds no config.json, so it is no model folder`)
}

/** The settings of the processors for images and videos: in one file for all, which overrules, or each in its own. */
export async function readProcessor(folder: string): Promise<unknown> {
  const all = await readModelJson(folder, 'processor_config.json')
  const image = all?.image_processor ?? (await readModelJson(folder, 'preprocessor_config.json'))
  const video = all?.video_processor ?? (await readModelJson(folder, 'video_preprocessor_config.json'))
  return image && video ? { ...image, video_processor: video } : image
}

/** Which weights of a checkpoint a program uses, under which names. */
export interface WeightNames {
  /** Undefined for weights it has no use for; names stay as they are when absent. */
  readonly weightName?: (name: string) => string | undefined
  /** Beginnings of names that are left out. */
  readonly ignored?: readonly string[]
  /** Weights that a checkpoint may leave out, and those whose values they have then. */
  readonly fallbacks?: Readonly<Record<string, string>>
}

/** Where the weights lie, by the names that the program uses. */
export function storedWeights(
  { tensors }: Checkpoint,
  { weightName = (name) => name, ignored = [], fallbacks = {} }: WeightNames,
): StoredWeights {
  const entries = new Map<string, TableEntry>()
  const files: Record<string, string> = {}
  for (const [stored, { dtype, shape, file, offset, byteLength }] of tensors) {
    const name = weightName(stored)
    if (name === undefined || ignored.some((prefix) => name.startsWith(prefix))) continue
    entries.set(name, { dtype: dtype.toLowerCase() as DType, shape, file: basename(file), offset, byteLength })
    files[basename(file)] = file
  }
  for (const [name, other] of Object.entries(fallbacks)) {
    const entry = entries.get(other)
    if (entry && !entries.has(name)) entries.set(name, entry)
  }
  return { entries, files }
}
