import { z } from 'zod'
import { FoveaError } from '../errors.ts'
import { activations } from '../nn/index.ts'

/** Fields that most schemas of config.json share. */
export const act = z.enum(Object.keys(activations) as [string, ...string[]])
export const size = z
  .int()
  .positive()
  .max(2 ** 24)
/** Layers; what a checkpoint is compared with takes time and memory for each. */
export const layerCount = z.int().positive().max(10_000)
/** Pixels along a side of an image. */
export const imageSide = z.int().positive().max(16_384)
/** Numbers of an attention head, of which rotary angles are made before any weight is looked at. */
export const MAX_HEAD_SIZE = 65_536
export const headSize = z.int().positive().max(MAX_HEAD_SIZE)

const optional = <Schema extends z.ZodType>(schema: Schema) => schema.nullish().transform((value) => value ?? undefined)
export const optionalSize = optional(size)
export const optionalLayerCount = optional(layerCount)

/** A fault of config.json; `path` is where, such as `text_config.hidden_size`. */
export const configError = (path: string, message: string): FoveaError =>
  new FoveaError('config_invalid', 'input', `config.json: ${path.replace(/^\./, '') || 'the file'}: ${message}`)

/** Checks a (part of a) parsed config.json. Throws FoveaError `config_invalid` that names the first field that does not fit. */
export function parseConfig<Schema extends z.ZodType>(schema: Schema, raw: unknown, part = ''): z.output<Schema> {
  const result = schema.safeParse(raw)
  if (result.success) return result.data
  const { path, message } = result.error.issues[0]
  throw configError([part, ...path].filter((step) => step !== '').join('.'), message)
}

/** A config that says `image_token_id` says it as `image_token_index`, too, and so for videos: either name will do. */
export function withTokenIndices(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null) return raw
  const { image_token_id: image_token_index, video_token_id: video_token_index } = raw as Record<string, unknown>
  return { image_token_index, video_token_index, ...raw }
}

/** Throws FoveaError `config_invalid` unless each head gets as many numbers. */
export function assertHeads(heads: number, width: number, part: string): void {
  if (width % heads) throw configError(`${part}.num_attention_heads`, `${heads} does not divide hidden_size ${width}`)
}

/** The entry of a registry that `model_type` names. Throws FoveaError `config_invalid` that lists what there is. */
export function chosenBy<Entry>(registry: Readonly<Record<string, Entry>>, type: string, part: string): Entry {
  if (Object.hasOwn(registry, type)) return registry[type]
  const known = Object.keys(registry).join(', ')
  throw configError(`${part}.model_type`, `"${type}" is not supported; supported: ${known}`)
}
