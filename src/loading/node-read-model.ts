/** What the small files and the tensor headers say of a model: all that loading has to know before it reads weights. */
import { basename } from 'node:path'
import type { CheckpointTensor } from '../checkpoints/open-checkpoint.ts'
import { otherWeights } from '../checkpoints/other-weights.ts'
import { PEFT_CONFIG } from '../checkpoints/peft-folder.ts'
import type { TableEntry } from '../checkpoints/weight-table.ts'
import { traceDual } from '../embedding/embedder-program.ts'
import { FoveaError } from '../errors.ts'
import type { ModelSource } from '../hub/model-source.ts'
import type { DualEncoder, DualFamily } from '../models/dual/dual-encoder.ts'
import { type Architecture, type Family, ignoredWeights } from '../models/family.ts'
import { findDualFamily, findFamily } from '../models/find-family.ts'
import { type PreprocessorConfig, parsePreprocessor } from '../models/views/image-processor.ts'
import { traceModel } from '../pipeline/flow/trace-model.ts'
import type { StoredWeights } from '../quantization/node-stored-weights.ts'
import type { DType } from '../tensor/index.ts'
import { parseModelJson } from '../text/model-file.ts'
import { checkWeights } from './check-weights.ts'
import { withOwnHead } from './node-own-head.ts'

interface Described {
  readonly config: Record<string, unknown>
  readonly preprocessor: PreprocessorConfig
  /** Every weight that the model takes; the paths are names where the source is not on this machine. */
  readonly stored: StoredWeights
}

/** A vision-language model. */
export interface DescribedModel extends Described {
  readonly family: Family
  readonly architecture: Architecture
}

/** A model of image and text embeddings. */
export interface DescribedEmbedder extends Described {
  readonly family: DualFamily
  readonly encoder: DualEncoder
}

/** Throws FoveaError kind `input` for what does not fit together: config, processor, weights. */
export async function readModel(source: ModelSource): Promise<DescribedModel> {
  const config = await readConfig(source)
  const family = findFamily(config, source.name)
  const preprocessor = parsePreprocessor(await readProcessor(source), source.name)
  const bind = (config: Record<string, unknown>) => family.bind(config, preprocessor)
  const tensors = await source.tensors()
  const bound = bind(config)
  // Told apart by their values, which are not fetched from the hub for it.
  const architecture = source.isLocal ? await withOwnHead(bound, tensors, family, bind, config) : bound
  const stored = storedWeights(tensors, {
    weightName: family.weightName,
    ignored: ignoredWeights(architecture),
    fallbacks: architecture.language.fallbacks,
  })
  checkWeights((scope) => traceModel(architecture, scope), stored.entries, source.name)
  return { config, preprocessor, stored, family, architecture }
}

/** The same for a model of embeddings. */
export async function readEmbedder(source: ModelSource): Promise<DescribedEmbedder> {
  const config = await readConfig(source)
  const family = findDualFamily(config, source.name)
  const preprocessor = parsePreprocessor(await readProcessor(source), source.name)
  const encoder = family.bind(config, preprocessor)
  const stored = storedWeights(await source.tensors(), { weightName: (name) => family.weightName(name) })
  checkWeights((scope) => traceDual(encoder, scope), stored.entries, source.name)
  return { config, preprocessor, stored, family, encoder }
}

/**
 * config.json, parsed. Throws FoveaError `config_missing`, or what `otherWeights` says of the files there are; those of
 * `parseModelJson`.
 */
export async function readConfig(source: ModelSource): Promise<Record<string, unknown>> {
  const config = await readJson(source, 'config.json')
  if (config) return config
  const names = source.files.map(({ name }) => name)
  const others = names.some((name) => name.endsWith('.safetensors')) ? undefined : otherWeights(source.name, names)
  const what = names.includes(PEFT_CONFIG)
    ? `this is a LoRA adapter, not a model; load its base, with the method lora:weights=${source.name}`
    : 'it holds no config.json, so it is no model folder'
  const message = `${source.name}: ${what}`
  throw others ?? new FoveaError('config_missing', 'input', message)
}

/** The settings of the processors for images and videos: in one file for all, which overrules, or each in its own. */
export async function readProcessor(source: Pick<ModelSource, 'name' | 'readText'>): Promise<unknown> {
  const all = await readJson(source, 'processor_config.json')
  const image = all?.image_processor ?? (await readJson(source, 'preprocessor_config.json'))
  const video = all?.video_processor ?? (await readJson(source, 'video_preprocessor_config.json'))
  return image && video ? { ...image, video_processor: video } : image
}

async function readJson(source: Pick<ModelSource, 'name' | 'readText'>, file: string) {
  const text = await source.readText(file)
  return text === undefined ? undefined : parseModelJson(text, `${source.name}/${file}`)
}

/** Which weights of a checkpoint a program uses, under which names. */
interface WeightNames {
  /** Undefined for weights it has no use for; names stay as they are when absent. */
  readonly weightName?: (name: string) => string | undefined
  /** Beginnings of names that are left out. */
  readonly ignored?: readonly string[]
  /** Weights that a checkpoint may leave out, and those whose values they have then. */
  readonly fallbacks?: Readonly<Record<string, string>>
}

/** Where the weights lie, by the names that the program uses. */
function storedWeights(
  tensors: ReadonlyMap<string, CheckpointTensor>,
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
