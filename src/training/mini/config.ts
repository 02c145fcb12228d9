import type { LlavaConfig } from '../../models/vlm/llava.ts'

/** Pictures among several, and frames, come as one token for 2 x 2 patches. */
export const POOL = 2

/** Shape of fovea-mini: a LLaVA of a few million weights, 144 visual tokens. The vocabulary size is the tokenizer's. */
export const miniConfig = (vocabulary: number, imageToken: number): LlavaConfig => ({
  model_type: 'llava',
  vision_config: {
    hidden_size: 192,
    intermediate_size: 768,
    num_hidden_layers: 5,
    num_attention_heads: 6,
    image_size: 96,
    patch_size: 8,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-5,
  },
  text_config: {
    vocab_size: vocabulary,
    hidden_size: 192,
    intermediate_size: 512,
    num_hidden_layers: 5,
    num_attention_heads: 6,
    num_key_value_heads: 2,
    hidden_act: 'silu',
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    tie_word_embeddings: false,
  },
  image_token_index: imageToken,
  projector_hidden_act: 'gelu',
  vision_feature_layer: -1,
  vision_feature_select_strategy: 'default',
  spatial_pool_stride: POOL,
})

export const imageMean = [0.5, 0.5, 0.5] as const
export const imageStd = [0.25, 0.25, 0.25] as const
