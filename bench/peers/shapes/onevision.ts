import { llavaOnevision } from '../../../src/models/vlm/llava-onevision.ts'
import type { Compared, ShapedModel } from '../compared.ts'
import { normalise, siglip } from './siglip.ts'

/** Sizes in pixels that an image may be tiled to; config and processor must agree on them. */
const pinpoints = [
  [384, 384],
  [384, 768],
  [768, 384],
  [768, 768],
]

/** llava-hf/llava-onevision-qwen2-0.5b-ov-hf: SigLIP-so400m/14-384 and Qwen2-0.5B. */
const checkpoint: ShapedModel = {
  name: 'llava-onevision-0.5b',
  family: llavaOnevision,
  tokenizer: 'models/fovea-mini',
  config: {
    model_type: 'llava_onevision',
    image_token_index: 4,
    video_token_index: 3,
    eos_token_id: 1,
    image_grid_pinpoints: pinpoints,
    projector_hidden_act: 'gelu',
    multimodal_projector_bias: true,
    tie_word_embeddings: true,
    vision_aspect_ratio: 'anyres_max_9',
    vision_feature_layer: -1,
    vision_feature_select_strategy: 'full',
    vision_config: {
      ...siglip,
      model_type: 'siglip_vision_model',
      hidden_size: 1152,
      intermediate_size: 4304,
      num_hidden_layers: 26,
      num_attention_heads: 16,
      image_size: 384,
      patch_size: 14,
    },
    text_config: {
      model_type: 'qwen2',
      hidden_size: 896,
      intermediate_size: 4864,
      num_hidden_layers: 24,
      num_attention_heads: 14,
      num_key_value_heads: 2,
      hidden_act: 'silu',
      rms_norm_eps: 1e-6,
      rope_theta: 1000000,
      vocab_size: 152000,
      max_position_embeddings: 32768,
      tie_word_embeddings: true,
      use_sliding_window: false,
    },
  },
  processor: {
    ...normalise,
    image_processor_type: 'LlavaOnevisionImageProcessor',
    do_resize: true,
    resample: 3,
    size: { height: 384, width: 384 },
    image_grid_pinpoints: pinpoints,
    do_pad: true,
  },
}

export const onevision: Compared = {
  name: 'onevision',
  title: 'LLaVA-OneVision-0.5B: SigLIP-so400m-384 and Qwen2-0.5B',
  checkpoint,
  projector: 'mlp',
  // Square, so that there is no padding to cut off: llama.cpp would not do that.
  image: { width: 960, height: 960 },
  prompt: '<image><user>what is on the left of the red circle?<assistant>',
  dtypes: ['fp32', 'int8', 'int4'],
  reducers: ['resize:keep=.25', 'random:keep=.25', 'fastv:keep=.25'],
}
