/** What the vision encoders of the SigLIP family share. */
export const siglip = { hidden_act: 'gelu_pytorch_tanh', layer_norm_eps: 1e-6, num_channels: 3 }

const half = [0.5, 0.5, 0.5]
export const normalise = {
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: half,
  image_std: half,
}
