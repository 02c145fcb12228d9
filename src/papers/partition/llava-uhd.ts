import { z } from 'zod'
import { resizeImage } from '../../media/image.ts'
import { overCells, overSlice } from '../../models/connectors/slice-resampler.ts'
import { bestSize, type SliceOptions, sliceGrid, sliceSize } from '../../models/views/slices.ts'
import { cutTiles } from '../../models/views/tiles.ts'
import { type View, wholeOf } from '../../models/views/view.ts'
import type { PlaceFunctions } from '../../pipeline/method/method.ts'
import { patchGrid, regroup } from '../../pipeline/method/visual-tokens.ts'
import { alignAndTune } from '../../training/dialogue-stage.ts'
import { loraRank, tuned } from '../../training/lora.ts'
import { paper } from '../paper.ts'

const options = z.object({
  slices: z.int().min(1).max(64).default(6).describe('N_max: most slices of an image; 1 shows it as a whole'),
  resampler: z.enum(['global', 'cells']).default('global').describe('whether a query sees its slice or its own cell'),
  queries: z
    .int()
    .positive()
    .refine((count) => Number.isInteger(Math.sqrt(count)), 'must be a square number')
    .optional()
    .describe('tokens of a slice; 64 for global, 144 for cells'),
  lora: loraRank,
})

type Options = z.output<typeof options>

/**
 * LLaVA-UHD: an LMM Perceiving Any Aspect Ratio and High-Resolution Images
 * Xu et al. 2024, ECCV 2024. https://arxiv.org/abs/2403.11703
 */
export const llavaUhd = paper({
  id: 'llava-uhd',
  name: 'LLaVA-UHD',
  title: 'LLaVA-UHD: an LMM Perceiving Any Aspect Ratio and High-Resolution Images',
  arxiv: '2403.11703',
  url: 'https://arxiv.org/abs/2403.11703',
  code: 'https://github.com/thunlp/LLaVA-UHD',
  date: '2024-03',
  venue: 'ECCV 2024',
  kind: ['partition', 'position', 'connector', 'reducer', 'training'],
  summary:
    'Padding and fixed grids distort large or elongated images. The image is cut into slices whose shape and ' +
    'number suit it, each encoded at its own aspect ratio by interpolating the position table and compressed to ' +
    '64 tokens; commas and newlines tell the LLM the layout. Handles six times the pixels of LLaVA-1.5 with ' +
    'slightly less compute.',
  equation: String.raw`
    N = \min(\lceil W H / S^2 \rceil, N_{\max}),\qquad (m, n) = \arg\max_{m n\, \in\, \{N - 1,\, N,\, N + 1\}} -\left| \ln \frac{W n}{H m} \right|
    y = \mathrm{LN}(W x),\qquad Z = W_o\, \mathrm{LN}\big(\mathrm{MHA}(\mathrm{LN}(q) + P,\ y + P',\ y)\big)
  `,
  where:
    'Sections 3.1 and 3.2. W and H are the sides of the image, S that of the square which the encoder was ' +
    "trained on, m columns and n rows of slices; each is encoded at its own shape, the encoder's learned " +
    "positions resampled. x are its patches, q shared queries, P a table of sines and cosines and P' the same " +
    'resampled to the slice. A comma between slices and a line break after each row tell their layout ' +
    '(section 3.3).',
  differs: [
    'Two resamplers bear the name: `global` is that of the paper, 64 queries that see the whole slice; ' +
      '`cells` is that of the released code, 144 queries, each of which sees its own cell of the slice, sampled ' +
      'by RoIAlign.',
    'Sampling is linear and its weights sum to 1, so it comes after the projection of keys and values.',
    "N_max is the paper's 6 (7 in the code); no grid has more slices than that, and among equals the one of " +
      'fewer slices counts, then that of fewer columns: a square image just above S^2 has one column and two ' +
      'rows.',
    'Commas and line breaks are tokenized where they stand, and count as text.',
    'The image must come as patches: no method may have dropped some before.',
    'Trained is first the resampler on the whole image alone, then, with slices, the language model too, by ' +
      'LoRA; the encoder is frozen, and the images of training are squares that are cut into 2 x 2.',
  ],
  places: ['see.views', 'see.connector', 'read.linear', 'training'],
  options,
  method: (options) => places(options),
  recipe: (options) => {
    const named = (functions: PlaceFunctions) => ({ name: `llava-uhd:slices=${options.slices}`, ...functions })
    const [overview, slices] = [compressed(resampling(options)), places(options)].map(named)
    return { options: resampling(options), stages: alignAndTune({ rate: 3e-3, align: overview, method: slices }) }
  },
})

type Resampling = Pick<Options, 'resampler' | 'lora'> & { readonly queries: number }

const resampling = ({ resampler, queries = resampler === 'global' ? 64 : 144, lora }: Omit<Options, 'slices'>) => ({
  resampler,
  queries,
  lora,
})

/** What becomes of the views, however an image was cut. */
const compressed = ({ resampler, queries, lora }: Resampling): PlaceFunctions => ({
  see: {
    connector: (tokens, _next, { p, architecture }) => {
      const grid = patchGrid(tokens, 'llava-uhd')
      const options = { side: Math.sqrt(queries), width: architecture.language.hiddenSize, grid }
      const made = (resampler === 'global' ? overSlice : overCells)(p, tokens.states, options)
      return regroup(tokens, made.states, made.assignment, 'llava-uhd')
    },
  },
  read: tuned(lora),
})

const places = ({ slices, ...options }: Options): PlaceFunctions => {
  const { see, read } = compressed(resampling(options))
  return {
    see: {
      views: (views, { image, vision: { viewSize: side, patchSize: patch } }) =>
        image ? sliced(image, { side, patch, most: slices }) : views, // frames of a video stay whole
      ...see,
    },
    read,
  }
}

/** The slices row by row, the text of the layout between them, and the whole image after them. */
function sliced(image: View['image'], options: SliceOptions): View[] {
  const grid = sliceGrid(image, options)
  if (!grid) return [{ image, ...bestSize(image, options, true), text: {} }]
  const size = sliceSize(image, grid, options)
  const resized = resizeImage(image, size.width * grid.columns, size.height * grid.rows, 'bicubic')
  const slices = cutTiles(resized, size, wholeOf(image))
  const schema = slices.map((view) => ({ ...view, text: { after: view.tile!.column < grid.columns ? ',' : '\n' } }))
  return [...schema, { image, ...bestSize(image, options), text: {} }]
}
