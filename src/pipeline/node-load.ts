import { basename } from 'node:path'
import { openCheckpoint } from '../checkpoints/open-checkpoint.ts'
import { FoveaError } from '../errors.ts'
import type { Family } from '../models/family.ts'
import { parsePreprocessor } from '../models/image-processor.ts'
import { families } from '../models/index.generated.ts'
import type { Device } from '../runtime/index.ts'
import { NodeBackend } from '../runtime/node/backend.ts'
import type { DType } from '../tensor/index.ts'
import type { ChatTemplate } from '../text/chat-template.ts'
import { closest } from '../text/closest.ts'
import { loadChatTemplate } from '../text/load-chat-template.ts'
import { loadTokenizer } from '../text/load-tokenizer.ts'
import { readModelJson } from '../text/model-file.ts'
import { checkWeights, requiredWeights } from './check-weights.ts'
import { Model } from './model.ts'
import { type TableEntry, weightTable } from './weight-table.ts'

export interface LoadOptions {
  readonly device?: Device
  readonly threads?: number
}

/** Loads a model folder in Hugging Face form: config, tokenizer, chat template, processor, safetensors. */
export async function loadModel(folder: string, { device = 'cpu', threads }: LoadOptions = {}): Promise<Model> {
  const config = await readModelJson(folder, 'config.json')
  if (!config)
    throw new FoveaError('config_missing', 'input', `${folder}: it holds no config.json, so it is no model folder`)
  const family = familyOf(config, folder)
  const preprocessor = parsePreprocessor(await readProcessor(folder), folder)
  const architecture = family.bind(config, preprocessor)
  const [checkpoint, tokenizer, template, generation] = await Promise.all([
    openCheckpoint(folder),
    loadTokenizer(folder),
    loadChatTemplate(folder).catch(missingTemplate),
    readModelJson(folder, 'generation_config.json'),
  ])
  const entries = new Map<string, TableEntry>()
  const files: Record<string, string> = {}
  for (const [stored, { dtype, shape, file, offset, byteLength }] of checkpoint.tensors) {
    const name = family.weightName ? family.weightName(stored) : stored
    if (name === undefined || architecture.ignored.some((prefix) => name.startsWith(prefix))) continue
    entries.set(name, { dtype: dtype.toLowerCase() as DType, shape, file: basename(file), offset, byteLength })
    files[basename(file)] = file
  }
  checkWeights(requiredWeights(architecture), entries, folder)
  const eos = (generation?.eos_token_id ?? config.eos_token_id ?? []) as number | number[]
  const parts = {
    name: folder,
    architecture,
    preprocessor,
    tokenizer,
    template,
    eosIds: [eos].flat(),
    weights: weightTable(entries, files, threads),
  }
  return new Model(parts, new NodeBackend(device))
}

function familyOf(config: Record<string, unknown>, folder: string): Family {
  const type = String(config.model_type)
  const found = families.find((family) => family.modelTypes.includes(type))
  if (found) return found
  const known = families.flatMap((family) => family.modelTypes)
  const near = closest(type, known)
  throw new FoveaError(
    'architecture_unknown',
    'input',
    `${folder}: model_type "${type}" is not supported; ${near.length ? `nearest: ${near.join(', ')}` : `supported: ${known.join(', ')}`}`,
  )
}

/** The settings of the processors for images and videos: each in a file of its own, or in one for all. */
async function readProcessor(folder: string): Promise<unknown> {
  const all = await readModelJson(folder, 'processor_config.json')
  const image = (await readModelJson(folder, 'preprocessor_config.json')) ?? all?.image_processor
  const video = (await readModelJson(folder, 'video_preprocessor_config.json')) ?? all?.video_processor
  return image && video ? { ...image, video_processor: video } : image
}

/** A model without a chat template still takes raw prompts; what it lacks is said where it is first needed. */
function missingTemplate(error: unknown): ChatTemplate {
  if (!(error instanceof FoveaError) || error.code !== 'template_missing') throw error
  return {
    render: () => {
      throw error
    },
  }
}
