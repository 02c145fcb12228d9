import { z } from 'zod'
import { layerNormed, linear, type Scope } from '../../nn/index.ts'
import { exp, reshape, slice, type Tensor } from '../../tensor/index.ts'
import { act, assertHeads, parseConfig, size } from '../config.ts'
import { type PreprocessorConfig, singleView } from '../views/image-processor.ts'
import { clipVision, clipVisionConfig } from '../vision/clip.ts'
import { lastStates } from '../vision/tower.ts'
import { type DualEncoder, dualFamily, dualWeightName } from './dual-encoder.ts'
import { assertSquare, squareInput } from './image-input.ts'
import { type TextTowerConfig, textFields, textTower } from './text-tower.ts'

/**
 * CLIP (Radford et al., Learning Transferable Visual Models From Natural Language Supervision, arXiv 2103.00020, section
 * 2.4): the CLS token of a ViT and the last token of a causal text encoder, projected into one space.
 */
const textSchema = z.object({
  ...textFields,
  vocab_size: size.default(49408),
  hidden_size: size.default(512),
  intermediate_size: size.default(2048),
  num_attention_heads: size.default(8),
  max_position_embeddings: size.default(77),
  hidden_act: act.default('quick_gelu'),
  layer_norm_eps: z.number().positive().default(1e-5),
  eos_token_id: z.int().nonnegative().default(49407),
})

const part = z.looseObject({}).nullish()

const schema = z.object({
  model_type: z.literal('clip'),
  projection_dim: size.default(512),
  text_config: part,
  vision_config: part,
  // Early files say the same again, and what they say here counts.
  text_config_dict: part,
  vision_config_dict: part,
})

/** The `eos_token_id` of early configs, which is wrong: the end of a text is its highest id there. */
const WRONG_EOS = 2

function pooledAt(ids: readonly number[], eos: number): number {
  const wanted = eos === WRONG_EOS ? ids.reduce((top, id) => Math.max(top, id), 0) : eos
  return Math.max(0, ids.indexOf(wanted))
}

function bind(raw: unknown, processor?: PreprocessorConfig): DualEncoder {
  const config = parseConfig(schema, raw)
  const vision = clipVisionConfig(config.vision_config_dict ?? config.vision_config ?? {}, 'vision_config')
  const text = parseConfig(textSchema, config.text_config_dict ?? config.text_config ?? {}, 'text_config')
  assertHeads(text.num_attention_heads, text.hidden_size, 'text_config')
  const { projection_dim: width } = config
  return {
    name: 'clip',
    imageSize: vision.image_size,
    patchSize: vision.patch_size,
    images: squareInput(vision.image_size),
    width,
    text: {
      maxLength: text.max_position_embeddings,
      isFixedLength: false,
      padId: 0,
      pooledAt: (ids) => pooledAt(ids, text.eos_token_id),
    },
    probability: 'softmax',
    view: (image) => assertSquare(singleView(image, processor, vision.image_size), vision.image_size),
    encodeImages: (p, { pixels }) => {
      const features = clipVision(p.at('vision_model'), vision, pixels)
      const cls = reshape(slice(lastStates(features), 1, 0, 1), [pixels.shape[0], vision.hidden_size])
      const pooled = layerNormed(p.at('vision_model', 'post_layernorm'), cls, vision.layer_norm_eps)
      return linear(p.at('visual_projection'), pooled, width, false)
    },
    encodeTexts: (p, ids, places) => encodeTexts(p, text, width, ids, places),
    scale: (p) => exp(reshape(p('logit_scale', []), [1])),
  }
}

function encodeTexts(p: Scope, config: TextTowerConfig, width: number, ids: Tensor, places: Tensor): Tensor {
  const pooled = textTower(p.at('text_model'), config, { ids, places, isCausal: true })
  return linear(p.at('text_projection'), pooled, width, false)
}

export const clip = dualFamily({ id: 'clip', modelTypes: ['clip'], weightName: dualWeightName, bind })
