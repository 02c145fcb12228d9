import { layerNormed, linear, type Scope } from '../../nn/index.ts'
import { add, fixedDim, reshape, type Tensor, transpose } from '../../tensor/index.ts'
import { type EncoderConfig, encoderStack } from '../vision/transformer.ts'

/**
 * An encoder of sounds: patches of log-mel energies are its tokens (AST, Gong et al., arXiv 2104.01778, section 2.1; patches
 * do not overlap here).
 */
export interface SpectrogramConfig extends EncoderConfig {
  readonly model_type: 'spectrogram_model'
  /** Frames and bands of a sound, and of a patch. */
  readonly num_frames: number
  readonly num_mel_bins: number
  readonly patch_frames: number
  readonly patch_bins: number
}

/** Patches of a sound: moments, and strips of bands. */
export const spectrogramGrid = ({ num_frames, num_mel_bins, patch_frames, patch_bins }: SpectrogramConfig) => ({
  times: num_frames / patch_frames,
  strips: num_mel_bins / patch_bins,
})

/** Log-mel energies, normalised, [b, frames, bands] -> states [b, times, strips, d], normalised. */
export function spectrogram(p: Scope, config: SpectrogramConfig, energies: Tensor): Tensor {
  const { hidden_size: width, patch_frames, patch_bins, layer_norm_eps } = config
  const { times, strips } = spectrogramGrid(config)
  const batch = fixedDim('spectrogram', energies, 0)
  const cells = reshape(energies, [batch, times, patch_frames, strips, patch_bins])
  const patches = reshape(transpose(cells, [0, 1, 3, 2, 4]), [batch, times * strips, patch_frames * patch_bins])
  const embedded = linear(p.at('embeddings', 'projection'), patches, width)
  const positions = p.at('embeddings', 'position_embedding')('weight', [times * strips, width])
  const states = encoderStack(p.at('encoder'), config, add(embedded, positions))
  return reshape(layerNormed(p.at('layernorm'), states, layer_norm_eps), [batch, times, strips, width])
}
