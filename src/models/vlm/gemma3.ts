import { z } from 'zod'
import type { RgbImage } from '../../media/image.ts'
import { layerNormed, type Scope } from '../../nn/index.ts'
import {
  add,
  and,
  concat,
  constant,
  equal,
  expand,
  fixedDim,
  greaterEqual,
  matmul,
  reshape,
  rmsNorm,
  select,
  type Tensor,
} from '../../tensor/index.ts'
import { configError, parseConfig, size, withTokenIndices } from '../config.ts'
import { foldLayers } from '../connectors/fold-layers.ts'
import { averageOutput } from '../connectors/fold-output.ts'
import { foldGrid } from '../connectors/fold-patches.ts'
import { type Architecture, family } from '../family.ts'
import { within } from '../language/language-model.ts'
import { languageOf } from '../language/languages.ts'
import { causalMask } from '../language/masks.ts'
import { type PastLayer, pastLength, type Slots } from '../language/sequence.ts'
import { type PreprocessorConfig, singleView } from '../views/image-processor.ts'
import { panAndScan } from '../views/pan-and-scan.ts'
import type { View } from '../views/view.ts'
import { siglipVision, siglipVisionConfig } from '../vision/siglip.ts'
import { lastStates } from '../vision/tower.ts'
import type { VisionTransformerConfig } from '../vision/transformer.ts'
import { fillingPatches } from '../vision-side.ts'
import { llavaWeightName, visionScope } from './llava.ts'

/**
 * Gemma 3 (Gemma Team, arXiv 2503.19786): SigLIP, whose patches are averaged to 256 tokens, one matrix, Gemma 3. Tokens of an
 * image see each other in full.
 */
const schema = z.object({
  model_type: z.literal('gemma3'),
  vision_config: z.looseObject({}).default({}),
  text_config: z.looseObject({}).default({}),
  image_token_index: z.int().nonnegative().default(262_144),
  mm_tokens_per_image: size.default(256),
  tie_word_embeddings: z.boolean().default(true),
})

/** `causalMask`, but the new tokens of a view see each other, however far apart: [b, 1, s, past + s]. */
export function viewMask(past: PastLayer | undefined, input: Slots, window?: number): Tensor {
  const hidden = causalMask(past, input, window)
  const view = input.tags?.view
  if (!view) return hidden
  const [batch, length] = view.shape
  const before = expand(constant([-1], [1, 1], 'i64'), [batch, pastLength(past)])
  const others = concat([before, view], 1)
  const own = reshape(view, [batch, 1, length, 1])
  const isSame = equal(own, reshape(others, [batch, 1, 1, others.shape[1]]))
  return select(and(isSame, greaterEqual(own, 0)), 0, hidden)
}

/** Patches along a side of a token. */
function poolOf({ image_size, patch_size }: VisionTransformerConfig, tokens: number): number {
  const [patches, side] = [Math.floor(image_size / patch_size), Math.sqrt(tokens)]
  if (image_size % patch_size === 0 && Number.isInteger(side) && patches % side === 0) return patches / side
  throw configError('mm_tokens_per_image', `${tokens} are no square of equal parts of ${patches} x ${patches} patches`)
}

/** Visual tokens [b, n, d vision] -> [b, n, d text]. The norm's weights are stored less 1. */
function connect(p: Scope, epsilon: number, tokens: Tensor, width: number): Tensor {
  const given = fixedDim('gemma3', tokens, 2)
  const normed = rmsNorm(tokens, add(p.at('mm_soft_emb_norm')('weight', [given]), 1), epsilon)
  return matmul(normed, p('mm_input_projection_weight', [given, width]))
}

const PLACE = '<start_of_image>'
const IMAGE = `\n\n${PLACE}<image_soft_token><end_of_image>\n\n`

/** An image between its marks; parts of it are announced. */
const imagePrompt = ([, ...parts]: readonly View[]): string =>
  parts.length === 0
    ? IMAGE
    : `Here is the original image ${IMAGE} and here are some crops to help you see better ${parts.map(() => IMAGE).join(' ')}`

function viewsOf(image: RgbImage, processor: PreprocessorConfig | undefined, side: number): View[] {
  const parts = processor?.do_pan_and_scan ? panAndScan(image, processor) : []
  const whole = singleView(image, processor, side)
  return [whole, ...parts.map(({ image, box }) => ({ ...singleView(image, processor, side), box }))]
}

function bind(raw: unknown, processor?: PreprocessorConfig): Architecture {
  const config = parseConfig(schema, withTokenIndices(raw))
  const vision = siglipVisionConfig(config.vision_config, 'vision_config')
  const text = { model_type: 'gemma3_text', ...config.text_config, tie_word_embeddings: config.tie_word_embeddings }
  const language = within('language_model', languageOf(text, 'text_config'))
  const { image_size: viewSize, layer_norm_eps: epsilon } = vision
  const scale = poolOf(vision, config.mm_tokens_per_image)
  const cell = vision.patch_size * scale
  return {
    name: 'gemma3',
    vision: {
      patchSize: cell,
      viewSize,
      ignored: ['vision_tower.vision_model.head.'],
      grid: (view) => fillingPatches(view, cell),
      encode: (p, pixels, stages) => {
        const features = siglipVision(visionScope(p), vision, pixels, stages)
        const { grid } = features
        const states = layerNormed(visionScope(p).at('post_layernorm'), lastStates(features), epsilon)
        const last = features.outputs[features.outputs.length - 1]
        // Of fewer patches than the view has, nothing is read patch by patch any more.
        const layers = last.owner ? features.layers : foldLayers(features.layers, { grid, scale, special: 0 })
        return { layers, grid: foldGrid(grid, scale), special: 0, ...averageOutput(states, last, grid, scale) }
      },
      connect: (p, patches) => connect(p.at('multi_modal_projector'), epsilon, patches, language.hiddenSize),
    },
    prompt: {
      imageToken: config.image_token_index,
      placeholder: PLACE,
      views: (image) => viewsOf(image, processor, viewSize),
      expand: imagePrompt,
    },
    language: {
      ...language,
      decode: (p, start, options) => language.decode(p, start, { mask: viewMask, ...options }),
    },
  }
}

export const gemma3 = family({ id: 'gemma3', modelTypes: ['gemma3'], weightName: llavaWeightName, bind })
