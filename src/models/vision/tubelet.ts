import { layerNormed, linear, type Scope } from '../../nn/index.ts'
import { add, fixedDim, reshape, type Tensor, transpose } from '../../tensor/index.ts'
import { type EncoderConfig, encoderStack } from './transformer.ts'

/**
 * An encoder of clips: tubelets of a few frames by a square of pixels are its tokens, and all see each other (ViViT, Arnab
 * et al., arXiv 2103.15691, section 3.2 "tubelet embedding", model 1).
 */
export interface TubeletConfig extends EncoderConfig {
  readonly model_type: 'tubelet_vision_model'
  readonly image_size: number
  readonly patch_size: number
  readonly num_frames: number
  /** Frames in a token. */
  readonly tubelet_size: number
}

/** Tokens of a clip: moments, and squares along a side. */
export const tubeletGrid = ({ num_frames, tubelet_size, image_size, patch_size }: TubeletConfig) => ({
  times: num_frames / tubelet_size,
  side: image_size / patch_size,
})

/** Frames [b, t, 3, H, W] -> states [b, times, side^2, d], normalised. */
export function tubeletVision(p: Scope, config: TubeletConfig, frames: Tensor): Tensor {
  const { hidden_size: width, tubelet_size: long, patch_size: s, layer_norm_eps } = config
  const { times, side } = tubeletGrid(config)
  const batch = fixedDim('tubelet', frames, 0)
  const cells = reshape(frames, [batch, times, long, 3, side, s, side, s])
  const size = 3 * long * s * s
  const tubes = reshape(transpose(cells, [0, 1, 4, 6, 3, 2, 5, 7]), [batch, times * side * side, size])
  const embedded = linear(p.at('embeddings', 'projection'), tubes, width)
  const positions = p.at('embeddings', 'position_embedding')('weight', [times * side * side, width])
  const states = encoderStack(p.at('encoder'), config, add(embedded, positions))
  return reshape(layerNormed(p.at('layernorm'), states, layer_norm_eps), [batch, times, side * side, width])
}
