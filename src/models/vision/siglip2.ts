import { z } from 'zod'
import { linear, type Scope } from '../../nn/index.ts'
import { add, mulDim, reshape, type Tensor, transpose } from '../../tensor/index.ts'
import { act, assertHeads, configError, imageSide, parseConfig } from '../config.ts'
import { encoderStack, positionsBetween, type VisionTransformerConfig, visionFields } from './transformer.ts'

const { image_size: _, ...fields } = visionFields

/** Above the tables of published models (256). */
const MAX_POSITIONS = 65_536

const schema = z.object({
  ...fields,
  patch_size: imageSide.default(16),
  num_patches: z.int().positive().max(MAX_POSITIONS).default(256),
  hidden_act: act.default('gelu_pytorch_tanh'),
  layer_norm_eps: z.number().positive().default(1e-6),
})

/** `image_size` is the side of the square image that has a patch for each learnt position. */
export function siglip2VisionConfig(raw: unknown, part: string): VisionTransformerConfig {
  const { num_patches: positions, ...config } = parseConfig(schema, raw, part)
  assertHeads(config.num_attention_heads, config.hidden_size, part)
  const side = Math.sqrt(positions)
  if (!Number.isInteger(side)) throw configError(`${part}.num_patches`, `${positions} positions make no square`)
  return { ...config, image_size: side * config.patch_size }
}

/** How many learnt positions lie along a side. */
export const positionSide = ({ image_size, patch_size }: VisionTransformerConfig): number => image_size / patch_size

/**
 * SigLIP 2 NaFlex (Tschannen et al., arXiv 2502.14786, section 2.4.2) for images of any shape: patches
 * [b, 3, rows, s, columns, s] and the weights [rows, side] and [columns, side] of the learnt positions -> what the
 * last layer leaves, before the last norm.
 */
export function siglip2Vision(
  p: Scope,
  config: VisionTransformerConfig,
  { patches, down, across }: { readonly patches: Tensor; readonly down: Tensor; readonly across: Tensor },
) {
  const { hidden_size: width, patch_size: s } = config
  const [batch, , rows, , columns] = patches.shape
  const names = p.at('embeddings')
  // Numbers of a patch lie pixel by pixel, not channel by channel as in a convolution.
  const cells = reshape(transpose(patches, [0, 2, 4, 3, 5, 1]), [batch, mulDim(rows, columns), 3 * s * s])
  const table = names.at('position_embedding')('weight', [positionSide(config) ** 2, width])
  const start = add(linear(names.at('patch_embedding'), cells, width), positionsBetween(table, down, across))
  return encoderStack(p.at('encoder'), config, start)
}
