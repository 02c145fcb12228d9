import { z } from 'zod'
import { layerNormed, linear } from '../../nn/index.ts'
import {
  add,
  addDim,
  and,
  arange,
  dimValue,
  equal,
  greater,
  greaterEqual,
  less,
  or,
  reshape,
  type Shape,
  select,
  sub,
  type Tensor,
} from '../../tensor/index.ts'
import { parseConfig, withTokenIndices } from '../config.ts'
import { type Architecture, family } from '../family.ts'
import { within } from '../language/language-model.ts'
import { languageOf } from '../language/languages.ts'
import { allTags, type PastLayer, pastLength, type Slots } from '../language/sequence.ts'
import { type PreprocessorConfig, singleView } from '../views/image-processor.ts'
import { siglipVision, siglipVisionConfig } from '../vision/siglip.ts'
import { wholePatches } from '../vision-side.ts'
import { llavaWeightName, visionScope } from './llava.ts'

/**
 * PaliGemma (Beyer et al., arXiv 2407.07726) and PaliGemma 2 (Steiner et al., arXiv 2412.03555): SigLIP, one linear layer,
 * Gemma. Image and question see each other in full, the answer looks back.
 */
const schema = z.object({
  model_type: z.literal('paligemma'),
  vision_config: z.looseObject({}),
  text_config: z.looseObject({ tie_word_embeddings: z.boolean().optional() }),
  image_token_index: z.int().nonnegative().default(256000),
  tie_word_embeddings: z.boolean().optional(),
})

/**
 * Tokens that come together see each other, past ones as far back as the window of a layer reaches. Of an answer that is
 * read with its prompt, nobody sees what is ahead.
 */
export function prefixMask(
  cached: PastLayer | undefined,
  { states, tags }: Slots,
  window?: number,
): Tensor | undefined {
  const answer = tags?.answer
  if (window === undefined && !answer) return undefined
  const [past, length] = [pastLength(cached), states.shape[1]]
  const all = addDim(past, length)
  const keys = reshape(arange(all), [1, all])
  const queries = reshape(add(arange(length), dimValue(past)), [length, 1])
  const isFar = window === undefined ? [] : [greaterEqual(sub(queries, keys), window)]
  const isBefore = less(keys, dimValue(past))
  const hidden = isFar.map((far) => and(far, isBefore))
  if (answer) {
    const isSaid = (tag: Tensor, shape: Shape) => reshape(equal(tag, 1), shape)
    hidden.push(and(greater(keys, queries), isSaid(allTags('answer', answer, cached), [-1, 1, all])))
    hidden.push(...isFar.map((far) => and(far, isSaid(answer, [-1, length, 1]))))
  }
  return select(reshape(hidden.reduce(or), [-1, 1, length, all]), -1e9, 0)
}

const IMAGE = '<image>'

/** Images, the beginning of the text, the question, the end of a line. What a raw prompt has of this is not repeated. */
export function prefixPrompt(text: string, images: number, beginning = ''): string {
  const placed = text.includes(IMAGE) ? text : IMAGE.repeat(images) + text
  const end = placed.includes(IMAGE) ? placed.lastIndexOf(IMAGE) + IMAGE.length : 0
  const question = placed.slice(end)
  const opened = question.startsWith(beginning) ? question : beginning + question
  return placed.slice(0, end) + (opened.endsWith('\n') ? opened : `${opened}\n`)
}

function bind(raw: unknown, processor?: PreprocessorConfig): Architecture {
  const config = parseConfig(schema, withTokenIndices(raw))
  const vision = siglipVisionConfig(config.vision_config, 'vision_config')
  const text = { model_type: 'gemma', ...config.text_config }
  const isTied = config.tie_word_embeddings ?? text.tie_word_embeddings ?? true
  const language = within('language_model', languageOf(text, 'text_config', isTied))
  const { image_size: viewSize, patch_size: patchSize, layer_norm_eps: epsilon } = vision
  return {
    name: 'paligemma',
    vision: {
      patchSize,
      viewSize,
      ignored: ['vision_tower.vision_model.head.'],
      grid: (view) => wholePatches(view, patchSize),
      encode: (p, pixels, stages) => {
        const { layers, grid, outputs } = siglipVision(visionScope(p), vision, pixels, stages)
        const { states, owner, changedBy } = outputs[outputs.length - 1]
        const patches = layerNormed(visionScope(p).at('post_layernorm'), states, epsilon)
        return { layers, grid, special: 0, patches, owner, changedBy }
      },
      connect: (p, patches) => linear(p.at('multi_modal_projector', 'linear'), patches, language.hiddenSize),
    },
    prompt: {
      imageToken: config.image_token_index,
      views: (image) => [singleView(image, processor, viewSize)],
      write: prefixPrompt,
    },
    language: {
      ...language,
      seesAhead: true,
      oneByOne: 'its tokens see all that are read with them',
      decode: (p, start, options) => language.decode(p, start, { mask: prefixMask, ...options }),
    },
  }
}

export const paligemma = family({ id: 'paligemma', modelTypes: ['paligemma'], weightName: llavaWeightName, bind })
