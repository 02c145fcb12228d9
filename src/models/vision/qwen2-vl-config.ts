import { z } from 'zod'
import { act, configError, imageSide, layerCount, optionalSize, parseConfig, size } from '../config.ts'

const channels = optionalSize.refine((count = 3) => count === 3, 'only 3 channels are supported')

export const qwenVisionFields = {
  depth: layerCount.default(32),
  num_heads: size.default(16),
  in_channels: channels,
  in_chans: channels,
  patch_size: imageSide.default(14),
  spatial_merge_size: size.default(2),
  temporal_patch_size: size.default(2),
  rope_parameters: z.looseObject({ rope_theta: z.number().positive().default(10000) }).nullish(),
}

const plainFields = z.object({
  ...qwenVisionFields,
  embed_dim: size.default(1280),
  hidden_size: size.default(3584),
  mlp_ratio: z.number().positive().default(4),
  hidden_act: act.default('quick_gelu'),
})

const windowedFields = z.object({
  ...qwenVisionFields,
  hidden_size: size.default(3584),
  intermediate_size: size.default(3420),
  out_hidden_size: size.default(3584),
  hidden_act: act.default('silu'),
  window_size: size.default(112),
  tokens_per_second: z.number().positive().default(4),
  fullatt_block_indexes: z.array(z.int().nonnegative()).default([7, 15, 23, 31]),
})

/** What the encoders of Qwen2-VL and Qwen2.5-VL are given by `vision_config`. */
export interface QwenVisionConfig {
  readonly depth: number
  readonly width: number
  readonly heads: number
  readonly inner: number
  /** Width of a visual token, which is that of the language model. */
  readonly out: number
  readonly activation: string
  readonly theta: number
  /** Pixels a side of a patch, patches a side of a visual token, frames of a patch. */
  readonly patch: number
  readonly merge: number
  readonly frames: number
  /** Learnt positions along a side of a square, which are resampled to the grid, and a bias of the patches; none when absent. */
  readonly learnt?: number
  /** Steps on the axis of time that a second of a video takes; a step per clip when absent. */
  readonly stepsPerSecond?: number
  /** RMSNorm and a gated MLP (Qwen2.5-VL) in place of LayerNorm and a plain one. */
  readonly gated: boolean
  /** Layers look within squares of `side` patches, save those in `full`; all look everywhere when absent. */
  readonly windows?: { readonly side: number; readonly full: readonly number[] }
}

type Shared = z.output<z.ZodObject<typeof qwenVisionFields>>

export const commonOf = ({ depth, num_heads: heads, rope_parameters, ...fields }: Shared) => ({
  depth,
  heads,
  theta: rope_parameters?.rope_theta ?? 10000,
  patch: fields.patch_size,
  merge: fields.spatial_merge_size,
  frames: fields.temporal_patch_size,
})

/** `vision_config` of a Qwen2-VL. */
export function qwen2VisionConfig(raw: unknown, part: string): QwenVisionConfig {
  const fields = parseConfig(plainFields, raw, part)
  const { embed_dim: width, hidden_size: out, hidden_act: activation } = fields
  const inner = Math.trunc(width * fields.mlp_ratio)
  return checked({ ...commonOf(fields), width, out, inner, activation, gated: false }, part)
}

/** `vision_config` of a Qwen2.5-VL. Throws FoveaError `config_invalid` for windows smaller than a visual token. */
export function qwen25VisionConfig(raw: unknown, part: string): QwenVisionConfig {
  const fields = parseConfig(windowedFields, raw, part)
  const { hidden_size: width, out_hidden_size: out, intermediate_size: inner, hidden_act: activation } = fields
  const common = commonOf(fields)
  // whole visual tokens
  const side = Math.floor(fields.window_size / (common.patch * common.merge)) * common.merge
  if (side === 0)
    throw configError(`${part}.window_size`, `${fields.window_size} pixels are less than one visual token`)
  const windows = { side, full: fields.fullatt_block_indexes }
  const stepsPerSecond = fields.tokens_per_second
  return checked({ ...common, width, out, inner, activation, gated: true, windows, stepsPerSecond }, part)
}

/** Each head has pairs for rows and as many for columns. */
export function checked<Config extends QwenVisionConfig>(config: Config, part: string): Config {
  if (config.width % (4 * config.heads) === 0) return config
  throw configError(
    `${part}.num_heads`,
    `${config.heads} heads of width ${config.width} cannot turn by rows and columns`,
  )
}
