import { z } from 'zod'
import { configError, layerCount, optionalSize, parseConfig, size } from '../config.ts'
import { type LanguageModel, llamaModel } from './language-model.ts'
import { headWidth, type LlamaConfig } from './llama.ts'
import { qwen2Decoder, qwen2Fields } from './qwen2.ts'
import { type RopeFields, ropeGroupOf } from './rotary-config.ts'

const schema = z.object({
  ...qwen2Fields,
  vocab_size: size.default(152064),
  hidden_size: size.default(8192),
  intermediate_size: size.default(29568),
  num_hidden_layers: layerCount.default(80),
  num_attention_heads: size.default(64),
  num_key_value_heads: optionalSize.default(8),
  rms_norm_eps: z.number().positive().default(1e-5),
})

const sectionFields = z.object({ mrope_section: z.array(size).min(1).optional() })

/** Time, row and column. */
export const POSITION_AXES = 3

/**
 * The decoder of Qwen2-VL (Wang et al., arXiv 2409.12191, section 2.1) and Qwen2.5-VL (arXiv 2502.13923): Qwen2 whose
 * rotary pairs are dealt out to three axes of positions (M-RoPE). Throws FoveaError `config_invalid` naming the field
 * that does not fit.
 */
export const qwen2VlModel = (raw: unknown, part: string): LanguageModel => ({
  ...llamaModel(qwen2VlConfig(raw, part)),
  positionAxes: POSITION_AXES,
})

function qwen2VlConfig(raw: unknown, part: string): LlamaConfig {
  const fields = parseConfig(schema, raw, part)
  const axesOf: DealtAxes = (sections) =>
    sections.flatMap((pairs, at) => new Array<number>(pairs).fill(at % POSITION_AXES))
  return withAxes(qwen2Decoder(fields, part, 1e6), fields, part, axesOf)
}

/** For each rotary pair of a head the axis that it turns with, from how many pairs each axis (again and again) has. */
type DealtAxes = (sections: readonly number[]) => number[]

/** A decoder whose rotary pairs are dealt out to axes. Throws FoveaError `config_invalid` where there are more or fewer. */
export function withAxes(
  config: LlamaConfig,
  fields: Omit<RopeFields, 'max_position_embeddings'>,
  part: string,
  axesOf: DealtAxes,
  byDefault: readonly number[] = [16, 24, 24],
): LlamaConfig {
  const { group, name } = ropeGroupOf(fields)
  const where = [part, name].filter(Boolean).join('.')
  const { mrope_section: sections = byDefault } = parseConfig(sectionFields, group, where)
  if (config.rotary_scaling?.type === 'dynamic')
    throw configError(where, 'rotary positions of type "dynamic" are not supported where they have several axes')
  const dealt = sections.reduce((sum, pairs) => sum + pairs, 0)
  if (2 * dealt === headWidth(config)) return { ...config, rotary_axes: axesOf(sections) }
  const message = `[${sections}] deals out ${dealt} pairs, a head has ${headWidth(config) / 2}`
  throw configError(`${where}.mrope_section`, message)
}
