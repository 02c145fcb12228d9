import { z } from 'zod'
import type { Video } from '../../media/video.ts'
import { activation, layerNormed, linear, type Scope } from '../../nn/index.ts'
import { slice, type Tensor } from '../../tensor/index.ts'
import { act, configError, parseConfig } from '../config.ts'
import { foldLayers } from '../connectors/fold-layers.ts'
import { foldOutput } from '../connectors/fold-output.ts'
import { foldGrid } from '../connectors/fold-patches.ts'
import { type Architecture, family } from '../family.ts'
import { within } from '../language/language-model.ts'
import { languageOf } from '../language/languages.ts'
import { filterOf, type PreprocessorConfig } from '../views/image-processor.ts'
import { gridViews, type Tiling, tilingOf } from '../views/nearest-grid.ts'
import { shiftedSampler } from '../views/video-processor.ts'
import { type InternVisionConfig, internVision, internVisionConfig, internVisionOutput } from '../vision/internvl.ts'
import type { TowerFeatures } from '../vision/tower.ts'
import { fillingPatches, layerBefore } from '../vision-side.ts'
import { llavaWeightName } from './llava.ts'

/**
 * InternVL 2.5, 3 and 3.5 (Zhu et al., InternVL3, arXiv 2504.10479; Wang et al., InternVL3.5, arXiv 2508.18265) in the form
 * of transformers: an image is cut into the grid of tiles nearest to its shape, followed by the whole of it; four
 * neighbouring patches are folded into one token.
 */
const schema = z.object({
  model_type: z.literal('internvl'),
  vision_config: z.looseObject({}).default({}),
  text_config: z.looseObject({ tie_word_embeddings: z.boolean().optional() }).default({}),
  image_token_id: z.int().nonnegative().default(151667),
  downsample_ratio: z.number().positive().max(1).default(0.5),
  projector_hidden_act: act.default('gelu'),
  vision_feature_layer: z.int().default(-1),
  vision_feature_select_strategy: z.literal('default', 'only "default" is supported').default('default'),
  tie_word_embeddings: z.boolean().optional(),
})

/** How many patches per side become one token. */
function foldOf(ratio: number, { patch_size }: InternVisionConfig, { tile }: Tiling): number {
  const scale = 1 / ratio
  if (!Number.isInteger(scale)) throw configError('downsample_ratio', `1 / ${ratio} is not a whole number`)
  if (tile % (patch_size * scale) === 0) return scale
  throw configError(
    'downsample_ratio',
    `${scale} x ${scale} patches of ${patch_size} do not fill tiles of ${tile} pixels`,
  )
}

/** The output of the encoder, or the states before (from the end: after) a layer. */
function featuresOf(p: Scope, config: InternVisionConfig, features: TowerFeatures, layer: number): Tensor {
  if (layer === -1) return internVisionOutput(p, config, features)
  const output = features.outputs.at(layer)
  if (output) return output.states
  throw configError('vision_feature_layer', `there is no layer ${layer}; the encoder has ${config.num_hidden_layers}`)
}

/** The frames by number, a line each. */
const videoPrompt = ({ frames }: Video): string =>
  frames.map((_, index) => `Frame${index + 1}: <img><IMG_CONTEXT></img>`).join('\n')

export function internvlArchitecture(raw: unknown, processor?: PreprocessorConfig): Architecture {
  const config = parseConfig(schema, raw)
  const vision = internVisionConfig(config.vision_config, 'vision_config')
  const text = { model_type: 'qwen2', ...config.text_config }
  // What files say of the text model does not count: those from before the top-level field say false there either way.
  const tie_word_embeddings = config.tie_word_embeddings ?? true
  const language = within('language_model', languageOf({ ...text, tie_word_embeddings }, 'text_config'))
  const tiling = tilingOf(processor, vision.image_size)
  const scale = foldOf(config.downsample_ratio, vision, tiling)
  const cell = vision.patch_size * scale
  return {
    name: 'internvl',
    vision: {
      patchSize: cell,
      viewSize: tiling.tile,
      ignored: [
        'vision_tower.embeddings.mask_token',
        ...(vision.use_mean_pooling || config.vision_feature_layer !== -1 ? ['vision_tower.layernorm.'] : []),
      ],
      grid: (view) => fillingPatches(view, cell),
      encode: (p, pixels, stages) => {
        const tower = p.at('vision_tower')
        const features = internVision(tower, vision, pixels, stages)
        const states = slice(featuresOf(tower, vision, features, config.vision_feature_layer), 1, 1)
        const { grid } = features
        const last = features.outputs.at(config.vision_feature_layer)!
        // Of fewer patches than the view has, nothing is read patch by patch any more.
        const layers = last.owner ? features.layers : foldLayers(features.layers, { grid, scale, special: 1 })
        const featureLayer = layerBefore(config.vision_feature_layer)
        return {
          layers,
          grid: foldGrid(grid, scale),
          special: 1,
          featureLayer,
          ...foldOutput(states, last, grid, scale),
        }
      },
      connect: (p, patches) => {
        const scope = p.at('multi_modal_projector')
        const normed = layerNormed(scope.at('layer_norm'), patches, 1e-5)
        const inner = activation(config.projector_hidden_act)(linear(scope.at('linear_1'), normed, language.hiddenSize))
        return linear(scope.at('linear_2'), inner, language.hiddenSize)
      },
    },
    prompt: {
      imageToken: config.image_token_id,
      views: (image) => gridViews(image, tiling, filterOf(processor ?? {})),
      expand: (views) => `<img>${'<IMG_CONTEXT>'.repeat(views.length)}</img>`,
      video: {
        sampler: shiftedSampler(processor, { frames: 8 }),
        views: ({ frames }) => frames.map((image) => ({ image, width: tiling.tile, height: tiling.tile })),
        written: { placeholder: '<video>', text: videoPrompt },
      },
    },
    language,
  }
}

/** As in LLaVA, but the encoder's names have nothing between the tower and its parts. */
const weightName = (name: string): string | undefined =>
  llavaWeightName(name)?.replace(/^vision_tower\.vision_model\./, 'vision_tower.')

export const internvl = family({ id: 'internvl', modelTypes: ['internvl'], weightName, bind: internvlArchitecture })
