import { z } from 'zod'
import { FoveaError } from '../../errors.ts'
import { layerNormed, type Scope } from '../../nn/index.ts'
import { concat, type Tensor } from '../../tensor/index.ts'
import { act, configError, layerCount, parseConfig, size } from '../config.ts'
import { foldOutput } from '../connectors/fold-output.ts'
import { foldGrid } from '../connectors/fold-patches.ts'
import type { EncoderStages, VisionFeatures } from '../vision-side.ts'
import { mergeSquares, qwenVision } from './qwen2-vl.ts'
import { checked, commonOf, type QwenVisionConfig, qwenVisionFields } from './qwen2-vl-config.ts'

const schema = z.object({
  ...qwenVisionFields,
  depth: layerCount.default(27),
  patch_size: qwenVisionFields.patch_size.default(16),
  hidden_size: size.default(1152),
  intermediate_size: size.default(4304),
  out_hidden_size: size.default(3584),
  hidden_act: act.default('gelu_pytorch_tanh'),
  num_position_embeddings: size.default(2304),
  deepstack_visual_indexes: z.array(z.int().nonnegative()).default([8, 16, 24]),
})

/** `vision_config` of a Qwen3-VL: that of a Qwen2-VL with learnt positions. */
export interface Qwen3VisionConfig extends QwenVisionConfig {
  /** Layers whose outputs the language model is given too, behind its first layers. */
  readonly taps: readonly number[]
}

/** Throws FoveaError `config_invalid` naming the field that does not fit. */
export function qwen3VisionConfig(raw: unknown, part: string): Qwen3VisionConfig {
  const fields = parseConfig(schema, raw, part)
  const { hidden_size: width, intermediate_size: inner, out_hidden_size: out, hidden_act: activation } = fields
  const taps = fields.deepstack_visual_indexes
  const beyond = taps.find((layer) => layer >= fields.depth)
  if (beyond !== undefined)
    throw configError(
      `${part}.deepstack_visual_indexes`,
      `there is no layer ${beyond}; the encoder has ${fields.depth}`,
    )
  const learnt = Math.sqrt(fields.num_position_embeddings)
  if (!Number.isInteger(learnt))
    throw configError(`${part}.num_position_embeddings`, `${fields.num_position_embeddings} positions are no square`)
  return checked({ ...commonOf(fields), width, out, inner, activation, gated: false, learnt, taps }, part)
}

/**
 * The vision encoder of Qwen3-VL (arXiv 2511.21631, section 2): that of Qwen2-VL, and what some of its layers left, merged
 * by MLPs of their own (DeepStack, arXiv 2406.04334). Pixels [b, 3, H, W], or [b, 3 frames, H, W].
 */
export function qwen3Vision(
  p: Scope,
  config: Qwen3VisionConfig,
  pixels: Tensor,
  stages?: EncoderStages,
): VisionFeatures {
  const { layers, grid, outputs, output, last } = qwenVision(p, config, pixels, stages)
  const folded = (states: Tensor) => foldOutput(states, last, grid, config.merge)
  const deep = config.taps.map((layer, at) => {
    const scope = p.at('deepstack_merger_list', at)
    const { states, changedBy } = outputs[layer + 1]
    if (changedBy?.length !== last.changedBy?.length) throw betweenTaps(last.changedBy)
    return mergeSquares(scope.at('mlp'), config, layerNormed(scope.at('norm'), folded(states).patches, 1e-6))
  })
  return {
    layers,
    grid: foldGrid(grid, config.merge),
    special: 0,
    ...folded(output),
    ...(deep.length > 0 && { deep: concat(deep, -1) }),
  }
}

const betweenTaps = (changedBy: readonly string[] = []) =>
  new FoveaError(
    'method_unfit',
    'usage',
    `${changedBy.at(-1)} drops patches between layers of which this encoder gives the language model more than the last; use another model`,
  )
