/** The models that are compared, at their true shapes. */
import { idefics3 } from '../../src/models/vlm/idefics3.ts'
import { llavaOnevision } from '../../src/models/vlm/llava-onevision.ts'
import type { TextShape } from './gguf.ts'
import type { ShapedModel } from './random-checkpoint.ts'

/** A model and its text side as llama.cpp names it. */
export interface Compared {
  readonly name: string
  readonly title: string
  readonly checkpoint: ShapedModel
  readonly text: TextShape
}

const siglip = { hidden_act: 'gelu_pytorch_tanh', layer_norm_eps: 1e-6, num_channels: 3 }
const half = [0.5, 0.5, 0.5]
const normalise = { do_rescale: true, rescale_factor: 1 / 255, do_normalize: true, image_mean: half, image_std: half }

/** HuggingFaceTB/SmolVLM-256M-Instruct: SigLIP-B/16-512 and SmolLM2-135M. */
const smolvlm: ShapedModel = {
  name: 'smolvlm-256m',
  family: idefics3,
  tokenizer: 'tests/fixtures/families/smolvlm',
  config: {
    model_type: 'smolvlm',
    image_token_id: 4,
    eos_token_id: 1,
    scale_factor: 4,
    tie_word_embeddings: false,
    vision_config: {
      ...siglip,
      model_type: 'smolvlm_vision',
      hidden_size: 768,
      intermediate_size: 3072,
      num_hidden_layers: 12,
      num_attention_heads: 12,
      image_size: 512,
      patch_size: 16,
    },
    text_config: {
      model_type: 'llama',
      hidden_size: 576,
      intermediate_size: 1536,
      num_hidden_layers: 30,
      num_attention_heads: 9,
      num_key_value_heads: 3,
      hidden_act: 'silu',
      rms_norm_eps: 1e-5,
      rope_theta: 100000,
      vocab_size: 49280,
      max_position_embeddings: 8192,
      tie_word_embeddings: true,
    },
  },
  processor: {
    ...normalise,
    image_processor_type: 'Idefics3ImageProcessor',
    do_resize: true,
    resample: 1,
    size: { longest_edge: 2048 },
    max_image_size: { longest_edge: 512 },
    do_image_splitting: true,
    do_pad: true,
  },
}

/** llava-hf/llava-onevision-qwen2-0.5b-ov-hf: SigLIP-so400m/14-384 and Qwen2-0.5B. */
const onevision: ShapedModel = {
  name: 'llava-onevision-0.5b',
  family: llavaOnevision,
  tokenizer: 'models/fovea-mini',
  config: {
    model_type: 'llava_onevision',
    image_token_index: 4,
    video_token_index: 3,
    eos_token_id: 1,
    image_grid_pinpoints: [
      [384, 384],
      [384, 768],
      [768, 384],
      [768, 768],
    ],
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
    image_grid_pinpoints: [
      [384, 384],
      [384, 768],
      [768, 384],
      [768, 768],
    ],
    do_pad: true,
  },
}

export const compared: readonly Compared[] = [
  {
    name: 'smolvlm',
    title: 'SmolVLM-256M: SigLIP-B/16-512 and SmolLM2-135M',
    checkpoint: smolvlm,
    text: {
      architecture: 'llama',
      hidden: 576,
      inner: 1536,
      layers: 30,
      heads: 9,
      keyHeads: 3,
      vocabulary: 49280,
      ropeBase: 1e5,
      epsilon: 1e-5,
    },
  },
  {
    name: 'onevision',
    title: 'LLaVA-OneVision-0.5B: SigLIP-so400m-384 and Qwen2-0.5B',
    checkpoint: onevision,
    text: {
      architecture: 'qwen2',
      hidden: 896,
      inner: 4864,
      layers: 24,
      heads: 14,
      keyHeads: 2,
      vocabulary: 152000,
      ropeBase: 1e6,
      epsilon: 1e-6,
    },
  },
]
