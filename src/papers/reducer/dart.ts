import { z } from 'zod'
import { best } from '../../pipeline/method/choose.ts'
import { closingUp } from '../../pipeline/method/closed-up.ts'
import { afterVisual } from '../../pipeline/method/decoder-signals.ts'
import type { Site } from '../../pipeline/method/method.ts'
import { gatherRows, rangeLike } from '../../pipeline/method/rows.ts'
import { decoderLayer, keepVisual, type Sequence } from '../../pipeline/method/sequence.ts'
import { unit } from '../../pipeline/method/similarity.ts'
import {
  abs,
  addDim,
  and,
  argsort,
  cast,
  ceil,
  concat,
  constant,
  countOf,
  type Dim,
  dimValue,
  div,
  expand,
  greater,
  greaterEqual,
  less,
  matmul,
  maximum,
  minDim,
  mulDim,
  oneOf,
  reshape,
  scaleDim,
  scatterAdd,
  select,
  slice,
  sub,
  sum,
  type Tensor,
  takeAlong,
  topK,
  transpose,
} from '../../tensor/index.ts'
import { idsOption, keepOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * Stop Looking for Important Tokens in Multimodal Language Models: Duplication Matters More
 * 2025. https://arxiv.org/abs/2502.11494
 */
export const dart = paper({
  id: 'dart',
  name: 'DART',
  title: 'Stop Looking for Important Tokens in Multimodal Language Models: Duplication Matters More',
  role: 'algorithm',
  arxiv: '2502.11494',
  url: 'https://arxiv.org/abs/2502.11494',
  code: 'https://github.com/ZichenWen1/DART',
  date: '2025-02',
  venue: 'EMNLP 2025',
  kind: ['reducer'],
  summary:
    'Two tokens that say the same are worth one. A few pivots are chosen by the norms of their keys, and the visual tokens ' +
    'that are least like them stay; the rest goes from the language model early. Attention is never looked at, so fused ' +
    'kernels stay in use.',
  equation: String.raw`
    \text{image pivots} = \mathrm{top}_{P_i}\, \lVert k_j \rVert_1 ,\qquad \text{text pivots} = \mathrm{top}_{P_t}\, \lVert k_j \rVert_1
    \text{pivot } p \text{ takes } \ \mathrm{top}_{m}\ \big(-\cos(x_p, x_j)\big) \ \text{ of the visual tokens that are left},\qquad m = \left\lceil \frac{k - P_i}{P_i + P_t} \right\rceil
  `,
  where:
    'k are the keys of layer K - 1, x the normalised states before layer K. Image pivots are among the visual ' +
    'tokens, text pivots among the tokens after the image. Pivots of the image and what was taken stay, at their ' +
    'own positions; each pivot takes those that are least like it.',
  differs: [
    'Image pivots come first, then those of the text, each by norm; the released code takes them in the order ' +
      'of a hash set.',
    'The last pivot takes what is missing, so that k stay exactly; `count=released` has P_i + (P_i + P_t) ' +
      'floor(keep N / (P_i + P_t)) stay, 124 for 128 of 576.',
    'A question of fewer tokens than P_t has as many pivots.',
    'All pictures of a prompt share one budget.',
  ],
  places: ['read.layer'],
  options: z.object({
    layer: z.int().min(1).default(2).describe('K: tokens are dropped before this layer (0-based); 5 in LLMC+'),
    keep: keepOption(0.2222),
    image: z.int().min(1).default(4).describe('P_i: pivots among the visual tokens'),
    text: z.int().min(0).default(4).describe('P_t: pivots among the text after them'),
    count: z
      .enum(['exact', 'released'])
      .default('exact')
      .describe('so many as asked for, or as the released code leaves'),
    ids: idsOption('keep'),
  }),
  method: ({ layer, keep, ids, ...pivots }) => ({
    read: {
      ...closingUp(ids, layer),
      layer: {
        [layer]: (seq, next, at) => {
          const v = seq.visual.shape[1]
          const [k, each] = budget(v, keep, pivots)
          const norms = sum(abs(decoderLayer(seq, layer - 1, 'dart').keys), [1, 3]) // [b, s]
          return next(keepVisual(seq, best(priorities(seq, norms, at, pivots, each), k), 'dart', ids))
        },
      },
    },
  }),
})

interface Pivots {
  readonly image: number
  readonly text: number
  readonly count: 'exact' | 'released'
}

/** How many tokens stay, and how many each pivot takes, f32 [1]. */
function budget(v: Dim, keep: number, { image, text, count }: Pivots): readonly [Dim, Tensor] {
  const [k, P] = [countOf(v, keep), image + text]
  if (count === 'exact' || keep === 1) return [k, ceil(maximum(div(sub(cast(dimValue(k), 'f32'), image), P), 0))]
  const each = scaleDim(v, keep / P, 'floor')
  return [minDim(v, mulDim(oneOf(v), addDim(image, mulDim(P, each)))), cast(dimValue(each), 'f32')]
}

/** Which visual tokens stay before others, [b, v]: pivots, then what each pivot takes, then all others by their place. */
function priorities(seq: Sequence, norms: Tensor, { norm }: Site, { image, text }: Pivots, each: Tensor): Tensor {
  const { states, visual } = seq
  const [batch, v] = visual.shape
  const x = unit(norm?.(states) ?? states)
  const own = gatherRows(x, visual) // [b, v, d]
  const ofImage = pivotsOf(takeAlong(norms, visual), image)
  const ofText = pivotsOf(select(afterVisual(seq), takeAlong(norms, seq.text), -1), text)
  const rows = concat([rowsOf(own, ofImage), rowsOf(gatherRows(x, seq.text), ofText)], 1)
  const isReal = concat([ofImage.isReal, ofText.isReal], 1)
  const likeness = matmul(rows, transpose(own)) // [b, P, v]
  const marks = scatterAdd([batch, addDim(v, 1)], ofImage.places, sub(image, cast(rangeLike(ofImage.places), 'f32')))
  const mark = slice(marks, 1, 0, v) // largest for the first pivot
  let priority = select(greater(mark, 0), mark, NEVER)
  for (let pivot = 0; pivot < image + text; pivot++) {
    const isLeft = less(priority, NEVER / 2)
    const c = reshape(slice(likeness, 1, pivot, pivot + 1), [batch, v])
    const order = argsort(select(isLeft, c, 4)) // least like it first
    const rank = scatterAdd([batch, v], order, cast(rangeLike(order), 'f32'))
    const takes = and(and(isLeft, less(rank, each)), slice(isReal, 1, pivot, pivot + 1))
    priority = select(takes, sub(-(pivot + 1) * WIDE, rank), priority)
  }
  return priority
}

/** Below all priorities, and more than there are tokens. */
const [NEVER, WIDE] = [-1e9, 65536]

/** Indices of the P largest of some norms [b, m], where norms below 0 are of no pivots; m where there are not so many. */
function pivotsOf(norms: Tensor, P: number): { places: Tensor; isReal: Tensor } {
  const [batch, m] = norms.shape
  const padded = concat([norms, expand(constant([-1], [1, 1]), [batch, P])], 1)
  const found = topK(padded, P)
  const isReal = greaterEqual(takeAlong(padded, found), 0)
  return { places: select(isReal, found, dimValue(m)), isReal }
}

/** Rows of x [b, m, d]; zeros behind the last. */
function rowsOf(x: Tensor, { places }: { places: Tensor }): Tensor {
  const [batch, , width] = x.shape
  return gatherRows(concat([x, expand(constant([0], [1, 1, 1]), [batch, 1, width])], 1), places)
}
