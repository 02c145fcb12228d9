import { z } from 'zod'
import { layerNormed, linear, type Scope } from '../../nn/index.ts'
import { concat, expand, slice, type Tensor } from '../../tensor/index.ts'
import { parseConfig, size, withTokenIndices } from '../config.ts'
import { type QFormerConfig, qformer, qformerConfig, strongestQuery } from '../connectors/qformer.ts'
import { type Architecture, family } from '../family.ts'
import { within } from '../language/language-model.ts'
import { languageOf } from '../language/languages.ts'
import { type PreprocessorConfig, singleView } from '../views/image-processor.ts'
import { type BlipVisionConfig, blipVision, blipVisionConfig } from '../vision/blip.ts'
import { type ConnectorContext, type EncoderStages, fillingPatches, type VisionFeatures } from '../vision-side.ts'

/**
 * BLIP-2 (Li et al., BLIP-2: Bootstrapping Language-Image Pre-training with Frozen Image Encoders and Large Language
 * Models, arXiv 2301.12597): a Q-Former reads the image into a few tokens, which come before the text.
 */
export const blipFields = {
  vision_config: z.looseObject({}),
  qformer_config: z.looseObject({}).default({}),
  text_config: z.looseObject({}),
  num_query_tokens: size.default(32),
  image_token_index: z.int().nonnegative().nullish(),
}

const schema = z.object({ model_type: z.literal('blip-2'), ...blipFields })

export type BlipConfig = z.output<z.ZodObject<typeof blipFields>>

/** Normalised input of the Q-Former: `queries` [b, q, d], and whatever the family puts after them. */
export type QFormerStates = (p: Scope, config: QFormerConfig, queries: Tensor, context: ConnectorContext) => Tensor

function encode(p: Scope, config: BlipVisionConfig, pixels: Tensor, stages?: EncoderStages): VisionFeatures {
  const { layers, grid, outputs, output } = blipVision(p.at('vision_model'), config, pixels, stages)
  const { owner, changedBy } = outputs[outputs.length - 1]
  const [specialTokens, patches] = [slice(output, 1, 0, 1), slice(output, 1, 1)]
  return { layers, grid, special: 1, specialTokens, patches, owner, changedBy }
}

/** BLIP-2 and what is built like it; they differ in what the Q-Former is given beside its queries. */
export function blipArchitecture(
  name: string,
  config: BlipConfig,
  states: QFormerStates,
  processor?: PreprocessorConfig,
): Architecture {
  const vision = blipVisionConfig(config.vision_config, 'vision_config')
  const bridge = qformerConfig(config.qformer_config, 'qformer_config')
  const text = { model_type: 'opt', ...config.text_config }
  const language = within('language_model', languageOf(text, 'text_config'))
  const { image_size: viewSize, patch_size: patchSize } = vision
  return {
    name,
    vision: {
      patchSize,
      viewSize,
      grid: (view) => fillingPatches(view, patchSize),
      encode: (p, pixels, stages) => encode(p, vision, pixels, stages),
      connect: (p, patches, context) => {
        const shape = [1, config.num_query_tokens, bridge.hidden_size]
        const queries = expand(p('query_tokens', shape), [patches.shape[0], ...shape.slice(1)])
        const { specialTokens, special } = context.vision
        const memory = specialTokens ? concat([specialTokens, patches], 1) : patches
        const read = qformer(p.at('qformer', 'encoder'), bridge, {
          states: states(p.at('qformer'), bridge, queries, context),
          queries: config.num_query_tokens,
          memory,
        })
        const projected = linear(p.at('language_projection'), read.queries, language.hiddenSize)
        return { states: projected, assignment: strongestQuery(read, special) }
      },
    },
    prompt: {
      // Files from before there was an image token: any id that is no text will do.
      imageToken: config.image_token_index ?? language.vocabulary,
      imagesFirst: true,
      maxImages: 1,
      views: (image) => [singleView(image, processor, viewSize)],
    },
    language,
  }
}

const bind = (raw: unknown, processor?: PreprocessorConfig): Architecture =>
  blipArchitecture(
    'blip-2',
    parseConfig(schema, withTokenIndices(raw)),
    (p, { layer_norm_eps }, queries) => layerNormed(p.at('layernorm'), queries, layer_norm_eps),
    processor,
  )

/** Checkpoints for retrieval hold a text side of the Q-Former that answering has no use for. */
const isTextSide = /^qformer\.encoder\.layer\.\d+\.(intermediate|output)\.|^(embeddings|itm_head|\w+_projection)\./

function weightName(name: string): string | undefined {
  const isNeeded = !/rotary_emb\.inv_freq$|position_ids$/.test(name)
  return isNeeded && (name.startsWith('language_projection.') || !isTextSide.test(name)) ? name : undefined
}

export const blip2 = family({ id: 'blip-2', modelTypes: ['blip-2'], weightName, bind })
