import { z } from 'zod'
import type { View } from '../../models/views/view.ts'
import type { Method } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import { assertPatches, keepTokens, type VisualTokens, visionLayer } from '../../pipeline/method/visual-tokens.ts'
import { pictureParts } from '../../pipeline/talk/picture-parts.ts'
import {
  fixedDim,
  log,
  maximum,
  mean,
  mul,
  reshape,
  slice,
  softmax,
  sortAscending,
  sum,
  type Tensor,
  topK,
  topologicalOrder,
} from '../../tensor/index.ts'
import { contrasted } from '../../text/contrast.ts'
import { paper } from '../paper.ts'

const options = z.object({
  alpha: z.number().min(0).default(2).describe('how much of what the outliers say is taken away'),
  beta: z.number().min(0).max(1).default(0.1).describe('tokens below this share of the most likely one are left out'),
  k: z.int().min(0).default(10).describe('outlier patches that the second reading sees; all where there are fewer'),
  attention: z
    .enum(['fused', 'head-mean'])
    .default('fused')
    .describe('attention of CLS as one head of full width, as for LLaVA, or the mean of heads, as for InstructBLIP'),
  order: z.enum(['attention', 'raster']).default('attention').describe('in which order the outliers are read'),
  layer: z
    .int()
    .optional()
    .describe('vision layer whose attention is read, negative from the end; that before the connector if not given'),
})

/**
 * DAMRO: Dive into the Attention Mechanism of LVLM to Reduce Object Hallucination
 * 2024, EMNLP 2024. https://arxiv.org/abs/2410.04514
 */
export const damro = paper({
  id: 'damro',
  name: 'DAMRO',
  title: 'DAMRO: Dive into the Attention Mechanism of LVLM to Reduce Object Hallucination',
  arxiv: '2410.04514',
  url: 'https://arxiv.org/abs/2410.04514',
  code: 'https://github.com/coder-gx/DAMRO',
  date: '2024-10',
  venue: 'EMNLP 2024',
  kind: ['decoding', 'interpretability'],
  summary:
    'A few background patches soak up most of the CLS attention of a ViT, and the LLM looks at the same patches ' +
    'when it names objects that are not there. At every step the next-token scores are contrasted with those of a ' +
    'second prompt that sees only these outliers, which subtracts what they alone suggest. Fewer hallucinated ' +
    'objects, no training, two decoding branches.',
  equation: String.raw`\text{idx} = \mathrm{top}_k\, a,\qquad s = (1 + \alpha)\, l - \alpha\, l',\qquad \text{among tokens with } p \ge \beta \max p`,
  where:
    "a is the attention of CLS to the patches; l are the logits of the answer, l' those of a second reading, " +
    'which has only the tokens idx of each image.',
  differs: [
    'Sampling options act on s, where the sampler of the authors passes over them.',
    'Of an image in tiles the second reading has the k tokens of the whole picture and none of the tiles; where ' +
      'tokens are packed, they are in raster order.',
    'Before a Q-Former the k patches are those that were chosen, and not the ones before them as in the ' +
      'released code.',
  ],
  places: ['talk.branches', 'talk.logits'],
  options,
  method: ({ alpha, beta, ...how }) => {
    const see = outliersOnly(how)
    return {
      talk: {
        branches: ({ messages }) => (pictureParts(messages).length > 0 ? [{ messages, see }] : []),
        logits: (row, { branches: [outliers] }) => (outliers ? contrasted(row, outliers.row, { alpha, beta }) : row),
      },
    }
  },
})

type Outliers = Pick<z.output<typeof options>, 'k' | 'attention' | 'order' | 'layer'>

/** Images of which only the outliers are seen. */
function outliersOnly({ k, attention, order, layer }: Outliers): Method {
  return {
    name: `damro-outliers:k=${k},attention=${attention},order=${order},layer=${layer ?? ''}`,
    options: { k, attention, order, layer },
    see: {
      views: (views) => wholePictures(views),
      patches: (tokens) => {
        assertPatches(tokens, 'damro')
        const a = clsRow(tokens, attention, layer) // [b, n]
        const idx = topK(a, Math.min(k, fixedDim('damro', a, 1)))
        return keepTokens(tokens, order === 'raster' ? sortAscending(idx) : idx, 'damro')
      },
    },
  }
}

/** Tiles are parts of a picture that is there as a whole, too; frames of a video are all kept. */
function wholePictures(views: readonly View[]): readonly View[] {
  const whole = views.filter(({ tile }) => !tile)
  return whole.length > 0 ? whole : views.slice(0, 1)
}

/** Attention of CLS to each patch, [b, n]. */
export function clsRow(tokens: VisualTokens, kind: Outliers['attention'], layer = lastUsed(tokens)): Tensor {
  const { special } = tokens.vision
  if (special === 0) throw methodError('damro ranks patches by the attention of CLS, this vision encoder has none')
  const { attention } = visionLayer(tokens, layer)
  const [batch, heads, , length] = attention.shape
  const rows = reshape(slice(attention, 2, 0, 1), [batch, heads, length]) // A_h[CLS], [b, h, special + n]
  if (kind === 'head-mean') return slice(mean(rows, 1), 1, special)
  // softmax(sum_h q_h k_h / sqrt(h d)): log A_h is q_h k_h / sqrt(d) up to a constant of the row
  const scores = mul(sum(log(maximum(rows, SMALLEST)), 1), 1 / Math.sqrt(fixedDim('damro', attention, 1)))
  return slice(softmax(scores), 1, special)
}

/** Attention may be too small for a float. */
const SMALLEST = 1e-38

/** The layer whose output the connector takes. */
function lastUsed({ vision: { layers, patches } }: VisualTokens): number {
  const used = new Set(topologicalOrder([patches]))
  return layers.findLastIndex(({ hidden }) => used.has(hidden))
}
