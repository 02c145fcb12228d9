import { z } from 'zod'
import type { RotaryScaling } from '../../nn/index.ts'
import { configError, parseConfig, size } from '../config.ts'

const positive = z.number().positive()
const theta = positive.nullish()
const group = z.looseObject({ rope_theta: theta }).nullish()

/** Where a checkpoint keeps its rotary settings: newer files in a group of their own. */
export const ropeFields = { rope_theta: theta, rope_scaling: group, rope_parameters: group }

type RopeGroup = Record<string, unknown> & { readonly rope_theta?: number | null }

export interface RopeFields {
  readonly rope_theta?: number | null
  readonly rope_scaling?: RopeGroup | null
  readonly rope_parameters?: RopeGroup | null
  /** The longest text that a model was made for. */
  readonly max_position_embeddings: number
}

/** The group that counts, and its name: an empty one says nothing. */
export function ropeGroupOf({ rope_scaling, rope_parameters }: Omit<RopeFields, 'max_position_embeddings'>) {
  const isScaled = Object.keys(rope_scaling ?? {}).length > 0
  const name = isScaled ? 'rope_scaling' : 'rope_parameters'
  return { group: (isScaled ? rope_scaling : rope_parameters) ?? {}, name }
}

/** The rotary embedding that a config asks for. Throws FoveaError `config_invalid` for a scaling that is not known. */
export function rotaryOf(fields: RopeFields, part: string, byDefault = 10000) {
  const { group, name } = ropeGroupOf(fields)
  const rope_theta = group.rope_theta ?? fields.rope_theta ?? byDefault
  const type = String(group.rope_type ?? group.type ?? 'default')
  // M-RoPE says which axis of the positions turns a pair, not how fast
  if (type === 'default' || type === 'mrope') return { rope_theta }
  const where = [part, name].filter(Boolean).join('.')
  return { rope_theta, rotary_scaling: scalingOf(type, group, where, fields.max_position_embeddings) }
}

const factors = z.array(positive).min(1).optional()

/** The group of LongRoPE. */
export const longRopeGroup = z.object({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  short_factor: factors,
  long_factor: factors,
  factor: positive.nullish(),
  attention_factor: positive.nullish(),
  original_max_position_embeddings: size.nullish(),
})

const byFactor = z.object({ factor: positive })
const llama3Fields = z.object({
  factor: positive,
  low_freq_factor: positive,
  high_freq_factor: positive,
  original_max_position_embeddings: size.nullish(),
})
const yarnFields = z.object({
  factor: positive.nullish(),
  attention_factor: positive.nullish(),
  beta_fast: positive.nullish(),
  beta_slow: positive.nullish(),
  mscale: z.number().nonnegative().nullish(),
  mscale_all_dim: z.number().nonnegative().nullish(),
  original_max_position_embeddings: size.nullish(),
  truncate: z.boolean().default(true),
})

function scalingOf(type: string, group: RopeGroup, where: string, longest: number): RotaryScaling {
  if (type === 'linear') return { type, ...parseConfig(byFactor, group, where) }
  if (type === 'dynamic') return { type, ...parseConfig(byFactor, group, where), length: longest }
  if (type === 'yarn') return yarnOf(parseConfig(yarnFields, group, where), longest)
  if (type !== 'llama3') throw configError(where, `rotary positions of type "${type}" are not supported`)
  const fields = parseConfig(llama3Fields, group, where)
  return {
    type,
    factor: fields.factor,
    lowFrequencyFactor: fields.low_freq_factor,
    highFrequencyFactor: fields.high_freq_factor,
    originalLength: fields.original_max_position_embeddings ?? longest,
  }
}

function yarnOf(fields: z.output<typeof yarnFields>, longest: number): RotaryScaling {
  const { mscale, mscale_all_dim, beta_fast, beta_slow, truncate: whole } = fields
  const originalLength = fields.original_max_position_embeddings ?? longest
  const factor = fields.factor ?? longest / originalLength
  // section 3.4: longer texts make sharper attention
  const temper = (scale = 1) => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1)
  const tempered = mscale && mscale_all_dim ? temper(mscale) / temper(mscale_all_dim) : temper()
  const magnitude = fields.attention_factor ?? tempered
  return { type: 'yarn', factor, fast: beta_fast || 32, slow: beta_slow || 1, originalLength, whole, magnitude }
}
