import { activation, linear, type Scope } from '../../nn/index.ts'
import { slice, type Tensor } from '../../tensor/index.ts'
import type { LlamaConfig } from '../language/llama.ts'
import { type ClipVisionConfig, clipVision, type VisionFeatures } from '../vision/clip.ts'

/** `config.json` of a LLaVA checkpoint (arXiv 2310.03744): CLIP ViT, two-layer MLP, LLaMA. */
export interface LlavaConfig {
  readonly model_type: 'llava'
  readonly vision_config: ClipVisionConfig
  readonly text_config: LlamaConfig
  readonly image_token_index: number
  readonly projector_hidden_act: string
  readonly vision_feature_layer: number
  readonly vision_feature_select_strategy: 'default' | 'full'
}

export const visionScope = (p: Scope): Scope => p.at('vision_tower', 'vision_model')
export const languageScope = (p: Scope): Scope => p.at('language_model')

/** Pixels [b, 3, H, W] -> all vision states. */
export const encodeImage = (p: Scope, config: LlavaConfig, pixels: Tensor): VisionFeatures =>
  clipVision(visionScope(p), config.vision_config, pixels)

/** The chosen hidden state without (default) or with (full) CLS: [b, n, d]. */
export function selectFeatures(config: LlavaConfig, { hiddenStates }: VisionFeatures): Tensor {
  const chosen = hiddenStates.at(config.vision_feature_layer)!
  return config.vision_feature_select_strategy === 'default' ? slice(chosen, 1, 1) : chosen
}

/** Patch tokens [b, n, d vision] -> visual tokens [b, n, d text]. */
export function connect(p: Scope, config: LlavaConfig, patches: Tensor): Tensor {
  const width = config.text_config.hidden_size
  const scope = p.at('multi_modal_projector')
  const inner = activation(config.projector_hidden_act)(linear(scope.at('linear_1'), patches, width))
  return linear(scope.at('linear_2'), inner, width)
}
