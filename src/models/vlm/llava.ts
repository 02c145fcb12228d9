import { z } from 'zod'
import type { RgbImage } from '../../media/image.ts'
import { evenFrames } from '../../media/video/sampling.ts'
import { timestampsOf } from '../../media/video.ts'
import { activation, linear, type Scope } from '../../nn/index.ts'
import { add, arange, concat, expand, less, reshape, select, slice, type Tensor } from '../../tensor/index.ts'
import { act, configError, parseConfig, withTokenIndices } from '../config.ts'
import { type Architecture, family } from '../family.ts'
import { within } from '../language/language-model.ts'
import { languageOf } from '../language/languages.ts'
import type { LlamaConfig } from '../language/llama.ts'
import { type PreprocessorConfig, singleView } from '../views/image-processor.ts'
import type { VideoReader } from '../views/prompt-form.ts'
import { samplingDefaults } from '../views/video-processor.ts'
import type { View } from '../views/view.ts'
import type { ClipVisionConfig } from '../vision/clip.ts'
import type { TowerFeatures } from '../vision/tower.ts'
import { visionTowerOf } from '../vision/towers.ts'
import { type Grid, layerBefore, type Patches, wholePatches } from '../vision-side.ts'

/**
 * LLaVA 1.5 (Liu et al., Improved Baselines with Visual Instruction Tuning, arXiv 2310.03744): a vision encoder, a
 * two-layer MLP, a language model.
 */
const layer = z.int()

/** Fields and defaults that the families of LLaVA share. */
export const llavaFields = {
  vision_config: z.looseObject({}),
  text_config: z.looseObject({}),
  image_token_index: z.int().nonnegative().default(32000),
  projector_hidden_act: act.default('gelu'),
  multimodal_projector_bias: z.boolean().default(true),
  vision_feature_layer: z.union([layer, z.array(layer).min(1)]).default(-2),
  vision_feature_select_strategy: z.enum(['default', 'full']).default('default'),
  tie_word_embeddings: z.boolean().default(false),
}

export type LlavaFields = z.output<z.ZodObject<typeof llavaFields>>

const llavaConfig = z.object({
  model_type: z.literal('llava'),
  ...llavaFields,
  spatial_pool_stride: z.int().min(1).optional(),
})

interface FeatureConfig {
  readonly vision_feature_layer: number | readonly number[]
  readonly vision_feature_select_strategy: 'default' | 'full'
}

interface ProjectorConfig {
  readonly projector_hidden_act: string
  readonly multimodal_projector_bias?: boolean
  readonly text_config: { readonly hidden_size: number }
}

/** `config.json` of a LLaVA of CLIP and LLaMA, all fields present: what fovea-mini is trained as. */
export interface LlavaConfig extends FeatureConfig, ProjectorConfig {
  readonly model_type: 'llava'
  readonly vision_config: ClipVisionConfig
  readonly text_config: LlamaConfig
  readonly image_token_index: number
  /** As LLaVA-NeXT-Video has it: the model takes videos and several images, with one token for so many patches squared. */
  readonly spatial_pool_stride?: number
}

export const visionScope = (p: Scope): Scope => p.at('vision_tower', 'vision_model')

/** The chosen hidden states, side by side, without (default) or with (full) CLS, [b, n, d], and where patches went. */
function selectFeatures(config: FeatureConfig, { outputs, grid }: TowerFeatures) {
  const wanted = [config.vision_feature_layer].flat()
  const chosen = wanted.map((index) => outputAt(outputs, index))
  const { changedBy, special } = chosen[0]
  const features =
    chosen.length === 1
      ? chosen[0].states
      : concat(
          chosen.map(({ states }) => states),
          -1,
        )
  const isFull = config.vision_feature_select_strategy === 'full'
  const patches = isFull ? features : slice(features, 1, 1)
  const owner = behind(isFull ? special : special - 1, chosen[0], grid)
  return { patches, owner, changedBy, featureLayer: layerBefore(wanted[wanted.length - 1]) }
}

/** Where patches are among tokens that so many others come before: CLS, or registers. */
function behind(others: number, { states, owner }: Patches, { rows, columns }: Grid): Tensor | undefined {
  if (others === 0) return owner
  const [count, batch] = [rows * columns, states.shape[0]]
  const own = owner ?? expand(reshape(arange(count), [1, count]), [batch, count])
  return select(less(own, 0), own, add(own, others))
}

function outputAt(outputs: readonly Patches[], index: number): Patches {
  const output = outputs.at(index)
  if (output) return output
  throw configError('vision_feature_layer', `there is no layer ${index}; the encoder has ${outputs.length - 1}`)
}

/** Patch tokens [b, n, d vision] -> visual tokens [b, n, d text]. */
function connect(p: Scope, config: ProjectorConfig, patches: Tensor): Tensor {
  const { text_config, projector_hidden_act, multimodal_projector_bias: bias = true } = config
  const scope = p.at('multi_modal_projector')
  const inner = linear(scope.at('linear_1'), patches, text_config.hidden_size, bias)
  return linear(scope.at('linear_2'), activation(projector_hidden_act)(inner), text_config.hidden_size, bias)
}

function bind(raw: unknown, processor?: PreprocessorConfig): Architecture {
  const config = parseConfig(llavaConfig, withTokenIndices(raw))
  const architecture = llavaArchitecture(config, processor)
  const { spatial_pool_stride: pool } = config
  if (pool === undefined) return architecture
  const { prompt } = architecture
  const pooled = (image: RgbImage): View[] => prompt.views(image).map((view) => ({ ...view, pool }))
  return { ...architecture, prompt: { ...prompt, viewsOfSeveral: pooled, video: framesReader(processor, pooled) } }
}

/** Frames one after another, each behind the second that it shows (of a model that was trained so). */
const framesReader = (processor: PreprocessorConfig | undefined, views: (image: RgbImage) => View[]): VideoReader => ({
  sampler: evenFrames(samplingDefaults(processor, { frames: 8 })),
  views: ({ frames }) => frames.flatMap(views),
  written: {
    placeholder: '<video>',
    text: (video) =>
      timestampsOf(video)
        .map((time) => `${secondOf(time)}<image>`)
        .join(''),
  },
})

/** A time as it is said to a model: whole seconds without a point, others with up to two digits behind it. */
export const secondOf = (time: number): string => String(Math.round(100 * time) / 100)

export function llavaArchitecture(config: LlavaFields, processor?: PreprocessorConfig): Architecture {
  const tower = visionTowerOf(config.vision_config, 'vision_config')
  const text = languageOf(config.text_config, 'text_config', config.tie_word_embeddings)
  const language = within('language_model', text)
  const projector = { ...config, text_config: { hidden_size: language.hiddenSize } }
  if (tower.special === 0 && config.vision_feature_select_strategy === 'default')
    throw configError(
      'vision_feature_select_strategy',
      '"default" drops a CLS token, this encoder has none; use "full"',
    )
  return {
    name: 'llava',
    vision: {
      patchSize: tower.patchSize,
      viewSize: tower.imageSize,
      ignored: tower.ignored.map((name) => `vision_tower.vision_model.${name}`),
      grid: (view) => wholePatches(view, tower.patchSize),
      encode: (p, pixels, stages) => {
        const features = tower.encode(visionScope(p), pixels, stages)
        const { layers, grid } = features
        return { layers, grid, special: tower.special, ...selectFeatures(config, features) }
      },
      connect: (p, patches) => connect(p, projector, patches),
    },
    prompt: {
      imageToken: config.image_token_index,
      views: (image) => [singleView(image, processor, tower.imageSize)],
    },
    language,
  }
}

/** Checkpoints differ in prefixes: the part before the class was split in two, and after. */
export function llavaWeightName(name: string): string | undefined {
  const old = name
    .replace(/^model\.language_model\./, 'language_model.model.')
    .replace(/^model\.(vision_tower\.|multi_modal_projector\.|image_newline$)/, '$1')
    .replace(/^lm_head\./, 'language_model.lm_head.')
    .replace(/^vision_tower\.(?!vision_model\.)/, 'vision_tower.vision_model.')
  return /rotary_emb\.inv_freq$|position_ids$/.test(old) ? undefined : old
}

export const llava = family({ id: 'llava', modelTypes: ['llava'], weightName: llavaWeightName, bind })
