/**
 * LoRA adapters as the PEFT library writes them: `adapter_config.json` and `adapter_model.safetensors`, whose names are
 * those of the model's modules behind `base_model.model.`. Layout: huggingface.co/docs/peft, "PEFT checkpoint format".
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { FoveaError } from '../errors.ts'
import { readModelJson } from '../text/model-file.ts'
import { otherWeights } from './other-weights.ts'
import { parseSafetensorsHeader, type TensorEntry } from './safetensors.ts'

export const PEFT_CONFIG = 'adapter_config.json'
export const PEFT_WEIGHTS = 'adapter_model.safetensors'
const PREFIX = 'base_model.model.'

/** What changes what is computed; PEFT leaves out or empties what is not used. */
const configSchema = z.object({
  peft_type: z.string(),
  r: z.int().min(1),
  lora_alpha: z.number().gt(0),
  use_rslora: z.boolean().nullish(),
})

export interface PeftAdapter {
  readonly rank: number
  /** What the product of a pair is multiplied with, times the rank. */
  readonly alpha: number
  /** The two matrices of each module, by the module's name in the checkpoint of the base. */
  readonly pairs: ReadonlyMap<string, { readonly A: TensorEntry; readonly B: TensorEntry }>
  readonly bytes: Uint8Array
  readonly sha256: string
}

const invalid = (code: string, message: string, cause?: unknown): FoveaError =>
  new FoveaError(code, 'input', message, { cause })

/**
 * The adapter in a folder; undefined for a folder that is none of PEFT's.
 * @throws FoveaError kind `input`: `adapter_invalid` for one that is damaged or inconsistent, `adapter_unsupported` for one
 *   that does more than add a product to linear layers, each with what it is
 */
export async function readPeftFolder(folder: string): Promise<PeftAdapter | undefined> {
  const config = await readModelJson(folder, PEFT_CONFIG)
  if (!config) return undefined
  const { r: rank, lora_alpha, use_rslora } = parseConfig(folder, config)
  assertPlain(folder, config)
  const bytes = await readWeights(folder)
  const path = join(folder, PEFT_WEIGHTS)
  const pairs = pairsOf(path, headerOf(path, bytes), rank)
  // Kalajdzievski 2023, https://arxiv.org/abs/2312.03732: by the root of the rank, so that large ranks learn, too.
  const alpha = use_rslora ? lora_alpha * Math.sqrt(rank) : lora_alpha
  return { rank, alpha, pairs, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

function parseConfig(folder: string, config: Record<string, unknown>) {
  const { success, data, error } = configSchema.safeParse(config)
  if (success && data.peft_type === 'LORA') return data
  const path = join(folder, PEFT_CONFIG)
  if (success) throw invalid('adapter_unsupported', `${path}: adapters of type ${data.peft_type} are not read; LORA is`)
  const [{ path: field, message }] = error.issues
  throw invalid('adapter_invalid', `${path}: ${field.join('.')}: ${message}`)
}

const isSet = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value)

/** Fields that stand for more than equation 3 of LoRA, and what they ask for. */
const MORE: Readonly<Record<string, string>> = {
  use_dora: 'DoRA, which scales the columns anew',
  rank_pattern: 'ranks that differ from layer to layer',
  alpha_pattern: 'scales that differ from layer to layer',
  modules_to_save: 'whole layers that were trained, too',
  lora_bias: 'biases of the pairs',
  trainable_token_indices: 'tokens that were trained, too',
  layer_replication: 'layers that are used several times',
  target_parameters: 'pairs for weights that are no linear layers',
  fan_in_fan_out: 'transposed weights',
}

/** Throws FoveaError `adapter_unsupported`. */
function assertPlain(folder: string, config: Record<string, unknown>): void {
  const refuse = (field: string, what: string) =>
    invalid(
      'adapter_unsupported',
      `${join(folder, PEFT_CONFIG)}: ${field}: ${what} cannot be used; merge the adapter into its base with PEFT (merge_and_unload) and load that`,
    )
  for (const [field, what] of Object.entries(MORE)) if (isSet(config[field])) throw refuse(field, what)
  if (isSet(config.bias) && config.bias !== 'none') throw refuse('bias', 'biases that were trained, too')
}

async function readWeights(folder: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(join(folder, PEFT_WEIGHTS)))
  } catch (cause) {
    const names = await readdir(folder)
    throw otherWeights(folder, names) ?? invalid('adapter_invalid', `${folder}: it lacks ${PEFT_WEIGHTS}`, cause)
  }
}

function headerOf(path: string, bytes: Uint8Array) {
  try {
    return parseSafetensorsHeader(bytes, bytes.length, path).tensors
  } catch (cause) {
    throw invalid('adapter_invalid', (cause as Error).message, cause)
  }
}

function pairsOf(path: string, tensors: ReadonlyMap<string, TensorEntry>, rank: number): PeftAdapter['pairs'] {
  const found = new Map<string, { A?: TensorEntry; B?: TensorEntry }>()
  for (const [name, entry] of tensors) {
    const [, module, half] = /^(.+)\.lora_([AB])\.(?:default\.)?weight$/.exec(name) ?? []
    if (!module?.startsWith(PREFIX))
      throw invalid('adapter_unsupported', `${path}: ${name} is no half of a pair for a linear layer`)
    if (entry.shape.length !== 2 || entry.shape[half === 'A' ? 0 : 1] !== rank)
      throw invalid('adapter_invalid', `${path}: ${name} has the shape [${entry.shape}], which is not of rank ${rank}`)
    const key = module.slice(PREFIX.length)
    found.set(key, { ...found.get(key), [half]: entry })
  }
  if (found.size === 0) throw invalid('adapter_invalid', `${path}: it holds no pairs`)
  for (const [module, { A, B }] of found)
    if (!A || !B) throw invalid('adapter_invalid', `${path}: ${module} has lora_${A ? 'A' : 'B'} alone`)
  return found as PeftAdapter['pairs']
}
