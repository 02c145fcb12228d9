import { z } from 'zod'
import { configError, parseConfig, size } from '../config.ts'
import { language, llamaModel } from './language-model.ts'
import { headWidth, type LlamaConfig } from './llama.ts'
import { decoderConfig, decoderFields } from './llama-config.ts'
import { longRopeOf } from './long-rope.ts'
import { longRopeGroup } from './rotary-config.ts'

const positive = z.number().positive()
const share = positive.max(1).optional()

const rotary = longRopeGroup.extend({ rope_theta: positive.optional(), partial_rotary_factor: share })

const schema = z.object({
  ...decoderFields,
  vocab_size: size.default(32064),
  hidden_size: size.default(3072),
  intermediate_size: size.default(8192),
  rms_norm_eps: positive.default(1e-5),
  max_position_embeddings: size.default(4096),
  original_max_position_embeddings: size.default(4096),
  sliding_window: size.nullish(),
  partial_rotary_factor: share,
  rope_scaling: rotary.nullish(),
  rope_parameters: rotary.nullish(),
})

/** `text_config` of a Phi-3 or Phi-4-mini (Abdin et al., arXiv 2404.14219): LLaMA with joint projections and LongRoPE. */
export function phi3Config(raw: unknown, part: string): LlamaConfig {
  const { sliding_window, ...config } = parseConfig(schema, raw, part)
  const group = config.rope_scaling ?? config.rope_parameters ?? {}
  const rope_theta = group.rope_theta ?? config.rope_theta
  const plain = decoderConfig({ ...config, rope_theta, rope_scaling: null, rope_parameters: null }, part)
  const width = Math.trunc(headWidth(plain) * (group.partial_rotary_factor ?? config.partial_rotary_factor ?? 1))
  if (width < 2 || width % 2) throw configError(`${part}.partial_rotary_factor`, `${width} numbers cannot be rotated`)
  return {
    ...plain,
    sliding_window: sliding_window ?? undefined,
    rotary_width: width,
    long_rope: longRopeOf(config, group, width, part),
    fused_projections: true,
  }
}

export const phi3Language = language({ modelType: 'phi3', read: (raw, part) => llamaModel(phi3Config(raw, part)) })
