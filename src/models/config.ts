import { z } from 'zod'
import { FoveaError } from '../errors.ts'
import { activations, type RotaryScaling } from '../nn/index.ts'

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

/** Where a checkpoint keeps its rotary settings: newer files in a group of their own. */
export const ropeFields = {
  rope_theta: z.number().positive().optional(),
  rope_scaling: z.looseObject({}).nullish(),
  rope_parameters: z.looseObject({ rope_theta: z.number().positive().optional() }).nullish(),
}

interface RopeFields {
  readonly rope_theta?: number
  readonly rope_scaling?: Record<string, unknown> | null
  readonly rope_parameters?: (Record<string, unknown> & { rope_theta?: number }) | null
}

const factor = z.number().positive()
const llama3Scaling = z.object({
  factor,
  low_freq_factor: factor,
  high_freq_factor: factor,
  original_max_position_embeddings: size,
})

/** The rotary embedding that a config asks for. Throws FoveaError `config_invalid` for a scaling that is not known. */
export function rotaryOf({ rope_theta, rope_scaling, rope_parameters }: RopeFields, part: string) {
  const theta = rope_theta ?? rope_parameters?.rope_theta ?? 10000
  const [group, where] = rope_scaling
    ? [rope_scaling, `${part}.rope_scaling`]
    : [rope_parameters, `${part}.rope_parameters`]
  const type = group?.rope_type ?? group?.type ?? 'default'
  // M-RoPE says which axis of the positions turns a pair, not how fast
  const isScaled = type !== 'default' && type !== 'mrope'
  return { rope_theta: theta, ...(isScaled && { rotary_scaling: scalingOf(String(type), group, where) }) }
}

function scalingOf(type: string, group: unknown, where: string): RotaryScaling {
  if (type === 'linear') return { type, ...parseConfig(z.object({ factor }), group, where) }
  if (type !== 'llama3') throw configError(where, `rotary positions of type "${type}" are not supported`)
  const fields = parseConfig(llama3Scaling, group, where)
  return {
    type,
    factor: fields.factor,
    lowFrequencyFactor: fields.low_freq_factor,
    highFrequencyFactor: fields.high_freq_factor,
    originalLength: fields.original_max_position_embeddings,
  }
}
