import { z } from 'zod'
import { linear } from '../../nn/index.ts'
import { configError, parseConfig, size } from '../config.ts'
import { foldOutput } from '../connectors/fold-output.ts'
import { foldGrid } from '../connectors/fold-patches.ts'
import { type Architecture, family } from '../family.ts'
import { within } from '../language/language-model.ts'
import { languageOf } from '../language/languages.ts'
import { tilePrompt, tileViews, tilingOf } from '../views/idefics3-views.ts'
import { filterOf, type PreprocessorConfig } from '../views/image-processor.ts'
import { smolvlmVideo } from '../views/smolvlm-video.ts'
import { idefics3Vision, idefics3VisionConfig } from '../vision/idefics3.ts'
import type { VisionTransformerConfig } from '../vision/transformer.ts'
import { fillingPatches } from '../vision-side.ts'

/**
 * Idefics3 (Laurencon et al., Building and Better Understanding Vision-Language Models, arXiv 2408.12637) and SmolVLM
 * (Marafioti et al., arXiv 2504.05299): the image is cut into tiles, neighbouring patches are folded into one token, and
 * text around each tile says where it lies.
 */
const schema = z.object({
  model_type: z.enum(['idefics3', 'smolvlm']),
  vision_config: z.looseObject({}),
  text_config: z.looseObject({}),
  image_token_id: z.int().nonnegative().default(128257),
  scale_factor: size.default(2),
  tie_word_embeddings: z.boolean().default(false),
})

function assertFolds({ patch_size }: VisionTransformerConfig, scale: number, side: number): void {
  if (side % (patch_size * scale) === 0) return
  throw configError('scale_factor', `${scale} x ${scale} patches of ${patch_size} do not fill views of ${side} pixels`)
}

function bind(raw: unknown, processor?: PreprocessorConfig): Architecture {
  const config = parseConfig(schema, raw)
  const { scale_factor: scale, tie_word_embeddings: tied } = config
  const vision = idefics3VisionConfig(config.vision_config, 'vision_config')
  const text = { ...config.text_config, tie_word_embeddings: tied }
  const language = within('language_model', languageOf(text, 'text_config'))
  const tiling = tilingOf(processor, vision.image_size)
  assertFolds(vision, scale, tiling.tile)
  const cell = vision.patch_size * scale
  return {
    name: config.model_type,
    vision: {
      patchSize: cell,
      viewSize: tiling.tile,
      grid: (view) => fillingPatches(view, cell),
      encode: (p, pixels, stages) => {
        const { layers, grid, output, outputs } = idefics3Vision(p.at('vision_model'), vision, pixels, stages)
        const folded = foldOutput(output, outputs[outputs.length - 1], grid, scale)
        return { layers, grid: foldGrid(grid, scale), special: 0, ...folded }
      },
      connect: (p, patches) =>
        linear(p.at('connector', 'modality_projection', 'proj'), patches, language.hiddenSize, false),
    },
    prompt: {
      imageToken: config.image_token_id,
      views: (image) => tileViews(image, tiling, filterOf({ resample: processor?.resample ?? 1 })),
      expand: tilePrompt,
      ...(config.model_type === 'smolvlm' && { video: smolvlmVideo(processor, tiling.tile) }),
    },
    language,
  }
}

function weightName(name: string): string | undefined {
  const short = name
    .replace(/^model\.text_model\./, 'language_model.model.')
    .replace(/^model\.(vision_model|connector)\./, '$1.')
    .replace(/^lm_head\./, 'language_model.lm_head.')
  return /rotary_emb\.inv_freq$|position_ids$/.test(short) ? undefined : short
}

export const idefics3 = family({ id: 'idefics3', modelTypes: ['idefics3', 'smolvlm'], weightName, bind })
