import { z } from 'zod'
import { leave, leavePatches } from '../../pipeline/method/memory.ts'
import type { PlaceFunctions } from '../../pipeline/method/method.ts'
import { poolTokens } from '../../pipeline/method/pool.ts'
import { dialogueStage, withProjector } from '../../training/dialogue-stage.ts'
import { loraRank, tuned } from '../../training/lora.ts'
import { paper } from '../paper.ts'
import { compress } from './llava-mini/compressor.ts'
import { framesOf } from './llava-mini/frames.ts'
import { fuse } from './llava-mini/fusion.ts'
import { blocksOf, compressBlocks, firstTokens, partsOf } from './llava-mini/high-resolution.ts'

const ID = 'llava-mini'

const options = z.object({
  side: z.int().min(1).default(1).describe('C: a view becomes C x C tokens'),
  layers: z.int().min(0).default(4).describe('N: layers that fuse patches and text before the language model'),
  resolution: z
    .int()
    .min(1)
    .max(4)
    .default(1)
    .describe('r: an image is seen as r x r blocks and the whole of it; the paper has 2 with side 8'),
  frames: z.int().min(1).optional().describe('F: so many frames of a video, evenly spread; all unless given'),
  lora: loraRank,
})

type Options = z.output<typeof options>

/**
 * LLaVA-Mini: Efficient Image and Video Large Multimodal Models with One Vision Token
 * 2025, ICLR 2025. https://arxiv.org/abs/2501.03895
 *
 * With r > 1, Z is made of the patches of all blocks as one raster, and X = [f(blocks) ; f(whole) ; Z ; T]. The views have equally
 * many slots; what C^2 does not fill is left out before the first layer, its positions stay free.
 */
export const llavaMini = paper({
  id: 'llava-mini',
  name: 'LLaVA-Mini',
  title: 'LLaVA-Mini: Efficient Image and Video Large Multimodal Models with One Vision Token',
  arxiv: '2501.03895',
  url: 'https://arxiv.org/abs/2501.03895',
  code: 'https://github.com/ictnlp/LLaVA-Mini',
  date: '2025-01',
  venue: 'ICLR 2025',
  kind: ['connector', 'reducer', 'training', 'interpretability'],
  summary:
    'After the first layers of LLaVA the text has absorbed the image, and its tokens hardly matter any more. So ' +
    'four small decoder layers fuse all patches into the text embeddings ahead of the LLM, which then sees one ' +
    'compressed image token instead of 576. FLOPs fall by 77 %, latency to a third, and a video costs one token ' +
    'per frame.',
  equation: String.raw`
    K = \mathrm{LN}(V),\qquad Z = f\big(\mathrm{MHA}(\mathrm{LN}(Q) + E_C,\ K + E_n,\ K)\big)
    [\,\cdot\,;\ Z' ;\ T'\,] = \mathrm{Fusion}_N\big([\,f(V) ;\ Z ;\ T\,]\big),\qquad \text{read: } [\,Z' ;\ \mathrm{mean}_{\text{frames}}\, T'\,]
  `,
  where:
    'V are the patches of a view, Q are C^2 learned queries, f is the projector, T the text of the prompt. ' +
    "Fusion is N layers of the language model's kind with weights of their own, causal. Of several frames " +
    'each is fused by itself, and their tokens follow each other.',
  differs: [
    'A frame is a view; several images are frames of a video.',
    'The released rule that token 0 is padding is not copied.',
    'Answers (the tag `answer`) and everything said after the pictures stay as they are; T takes no gradient, ' +
      'and gradients flow through videos too.',
    'E_C is the fixed table of sines and cosines and E_n its bicubic enlargement, so that with C = 1 no ' +
      'position tells patches apart.',
    'Text becomes a function of the picture, so a new turn reads the whole prompt anew.',
    'With `resolution` r > 1, r x r blocks of the square that the image is padded to (in black) and the whole ' +
      'of it behind them are a view each, and Z is made of all blocks as one raster.',
    "Trained, from a model that reads all patches (the paper's first stage), are compressor, fusion and " +
      'projector, and the language model by LoRA; the encoder is frozen.',
  ],
  places: ['see.connector', 'read.sequence', 'read.linear', 'training'],
  options,
  method: (options) => places(options),
  recipe: ({ frames: _, ...bound }) => {
    const method = { name: `${ID}:resolution=${bound.resolution}`, ...places(bound) }
    const tune = dialogueStage({ name: 'tune', steps: 650, rate: 3e-3, method, trains: withProjector })
    return { options: bound, stages: [tune] }
  },
})

function places({ side, layers, resolution, frames, lora }: Options): PlaceFunctions {
  const parts = partsOf(resolution)
  const each = Math.ceil(side ** 2 / parts)
  const fusion = { tokens: side ** 2, slots: each * parts, parts, layers }
  return {
    needs: { prompt: true },
    see: {
      ...((parts > 1 || frames !== undefined) && {
        views: (views, picture) => {
          const seen = picture.image ? views : framesOf(views, frames)
          return parts > 1 ? blocksOf(seen, picture, resolution) : seen
        },
      }),
      ...(parts > 1 && { tokens: (tokens, at) => compressBlocks(tokens, at, { side, resolution }) }),
      connector: (tokens, next, at) => {
        const all = next(tokens) // f(V)
        if (parts > 1) {
          const left = leavePatches(firstTokens(all, each), at, 'patches', all.states, ID)
          return leave(left, 'blocks', tokens.states, ID)
        }
        const Z = compress(at.p, tokens.states, tokens.vision.grid, side)
        const few = { ...poolTokens(tokens, { rows: side, columns: side }, ID), states: Z }
        return leavePatches(next(few), at, 'patches', all.states, ID)
      },
    },
    read: { ...tuned(lora), sequence: (seq, at) => fuse(seq, at, fusion) },
  }
}
