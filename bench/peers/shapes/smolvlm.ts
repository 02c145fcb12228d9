import { idefics3 } from '../../../src/models/vlm/idefics3.ts'
import type { Compared, ShapedModel } from '../compared.ts'
import { normalise, siglip } from './siglip.ts'

/** HuggingFaceTB/SmolVLM-256M-Instruct: SigLIP-B/16-512 and SmolLM2-135M. */
const checkpoint: ShapedModel = {
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

export const smolvlm: Compared = {
  name: 'smolvlm',
  title: 'SmolVLM-256M: SigLIP-B/16-512 and SmolLM2-135M',
  checkpoint,
  projector: 'idefics3',
  image: { width: 1280, height: 960 },
  prompt: '<|im_start|>User:<image>what is on the left of the red circle?<end_of_utterance>\nAssistant:',
  dtypes: ['fp32', 'int8', 'int4'],
  reducers: ['resize:keep=.25', 'random:keep=.25', 'fastv:keep=.25'],
}
