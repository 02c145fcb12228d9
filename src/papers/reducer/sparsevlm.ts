import { z } from 'zod'
import { keepArranged } from '../../pipeline/method/arrange.ts'
import { closingUp } from '../../pipeline/method/closed-up.ts'
import { allOf, clusterMeans, densityPeaks, forAll } from '../../pipeline/method/clusters.ts'
import { afterVisual, attentionFrom, visualAtStart } from '../../pipeline/method/decoder-signals.ts'
import { gatherRows } from '../../pipeline/method/rows.ts'
import { type Sequence, textStates, visualStates } from '../../pipeline/method/sequence.ts'
import { fallingShares, stageAt } from '../../pipeline/method/stages.ts'
import {
  addDim,
  and,
  cast,
  concat,
  countOf,
  type Dim,
  dimValue,
  div,
  greater,
  matmul,
  maximum,
  mean,
  minDim,
  mul,
  oneOf,
  reshape,
  scaleDim,
  select,
  slice,
  softmax,
  sortAscending,
  subDim,
  sum,
  type Tensor,
  takeAlong,
  topK,
  transpose,
} from '../../tensor/index.ts'
import { idsOption, keepOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * SparseVLM: Visual Token Sparsification for Efficient Vision-Language Model Inference
 * 2024, ICML 2025. https://arxiv.org/abs/2410.04417
 */
export const sparsevlm = paper({
  id: 'sparsevlm',
  name: 'SparseVLM',
  title: 'SparseVLM: Visual Token Sparsification for Efficient Vision-Language Model Inference',
  role: 'algorithm',
  arxiv: '2410.04417',
  url: 'https://arxiv.org/abs/2410.04417',
  code: 'https://github.com/Gumpest/SparseVLMs',
  date: '2024-10',
  venue: 'ICML 2025',
  kind: ['reducer'],
  summary:
    'Not every word of a question is about the picture. The words that are rate the visual tokens by their attention, in ' +
    'stages inside the language model; those rated low go, but the better ones of them are clustered and leave a mean ' +
    'behind. No training.',
  equation: String.raw`
    p = \mathrm{mean}_v\, \mathrm{softmax}_t(V T^{\top}),\qquad \text{raters} = \{\, t : p_t > \bar{p} \,\}
    s_j = \mathrm{mean}_{h,\, t \in \text{raters}}\, A_h[t,\, j],\qquad \text{stay behind blocks 2, 6, 15 of 32: } \mathrm{top}_k\, s
  `,
  where:
    'V are the visual rows and T the tokens after the image, at the input of the language model. Of the tokens ' +
    'that go, the best 30 % are recycled: clustered by density peaks (DPC-kNN) into a tenth as many clusters, ' +
    'whose means come behind those that stay, at the positions of their centres.',
  differs: [
    'As LLMC+ has it, with fixed budgets; the budget of the paper by rank(A) is not in it and not here.',
    '`preset` has its lists for 192, 128 and 64 tokens of 576; otherwise shares fall geometrically to `keep`.',
    'With `count=within` a stage leaves so many with the recycled ones; with `beside` the recycled come on top, ' +
      'as in LLMC+ (309 for 300 of 576).',
    'Without raters all text rates; equal densities count from the first.',
    'A stage that would keep all changes nothing; of stages that fall on one layer the last counts.',
    'All pictures of a prompt share one budget; a mean stands in the view of its centre.',
  ],
  places: ['read.layer'],
  options: z.object({
    keep: keepOption(0.191).describe('share of the visual tokens that is left by the last stage'),
    preset: z
      .literal([192, 128, 64])
      .optional()
      .describe('the lists of LLMC+ for so many of 576 tokens, instead of keep'),
    recycle: z.boolean().default(true).describe('whether tokens that go leave means of clusters'),
    count: z
      .enum(['within', 'beside'])
      .default('within')
      .describe('recycled tokens count to the share, or come on top'),
    ids: idsOption('keep'),
  }),
  method: ({ keep, preset, recycle, count, ids }) => {
    const shares = preset ? PRESETS[preset].map((tokens) => tokens / 576) : fallingShares(keep, STARTS.length)
    return {
      read: {
        ...closingUp(ids),
        layer: (seq, next, { layer, architecture }) => {
          const out = next(seq)
          const stage = stageAt(layer, architecture.language.layers, STARTS)
          if (stage === undefined) return out
          const v = out.visual.shape[1]
          const total = minDim(v, countOf(visualAtStart(out), shares[stage]))
          if (total === v) return out
          const sizes = recycle ? sizesOf(v, total, count) : { k: total, R: 0, c: 0 }
          return reduced(out, ratings(out, layer), sizes, ids)
        },
      },
    }
  },
})

/** Blocks 2, 6 and 15 of 32. */
const STARTS = [2 / 32, 6 / 32, 15 / 32]

const PRESETS = { 192: [300, 200, 110], 128: [303, 110, 36], 64: [66, 30, 17] } as const

/** Tokens that stay, that are recycled, and clusters of these. */
interface Sizes {
  readonly k: Dim
  readonly R: Dim
  readonly c: Dim
}

/** R = int(0.3 q) + 1 of q that go, c = int(R / 10) + 1; none of nothing. */
function sizesOf(v: Dim, total: Dim, count: 'within' | 'beside'): Sizes {
  const q = subDim(v, total)
  const R = addDim(scaleDim(q, 0.3, 'floor'), oneOf(q))
  const c = addDim(scaleDim(R, 0.1, 'floor'), oneOf(R))
  if (count === 'beside') return { k: total, R, c }
  const spare = subDim(total, oneOf(total)) // one token at least stays as it is
  const within = minDim(c, spare)
  return { k: subDim(total, within), R, c: within }
}

/** How much the raters attend to each visual token in a block: [b, v]. */
function ratings(seq: Sequence, layer: number): Tensor {
  const [batch, v] = seq.visual.shape
  const weights = ratersOf((seq.ran[0].input as Sequence) ?? seq) // [b, t]
  const looked = mean(attentionFrom(seq, layer, seq.text, 'sparsevlm'), 1) // [b, t, v]
  return reshape(matmul(reshape(weights, [batch, 1, weights.shape[1]]), looked), [batch, v])
}

/** One over the number of raters for each of them, 0 for all other text: [b, t]. */
export function ratersOf(start: Sequence): Tensor {
  const [V, T] = [visualStates(start), textStates(start)]
  const isAfter = afterVisual(start) // [b, t]
  const [batch, t] = isAfter.shape
  const scores = matmul(V, transpose(T)) // [b, v, t]
  const P = softmax(select(reshape(isAfter, [batch, 1, t]), scores, -1e9))
  const p = div(sum(P, 1), maximum(cast(dimValue(V.shape[1]), 'f32'), 1))
  const after = cast(isAfter, 'f32')
  const average = div(sum(mul(p, after), 1, true), maximum(sum(after, 1, true), 1))
  const isRater = cast(and(isAfter, greater(p, average)), 'f32')
  const raters = select(greater(sum(isRater, 1, true), 0), isRater, after)
  return div(raters, maximum(sum(raters, 1, true), 1))
}

/** The k best stay; the R best of the others leave c means, behind those that stay. */
function reduced(seq: Sequence, scores: Tensor, { k, R, c }: Sizes, ids: 'keep' | 'pack'): Sequence {
  const order = topK(scores, scores.shape[1])
  const kept = sortAscending(slice(order, 1, 0, k))
  const h = visualStates(seq)
  if (R === 0) return keepArranged(seq, kept, gatherRows(h, kept), 'sparsevlm', ids)
  const recycled = slice(order, 1, k, addDim(k, R))
  const { centres, means } = clustered(gatherRows(h, recycled), c)
  const states = concat([gatherRows(h, kept), means], 1)
  return keepArranged(seq, concat([kept, takeAlong(recycled, centres)], 1), states, 'sparsevlm', ids)
}

/** Density peaks (DPC-kNN) with k = c: centres i64 [b, c] among points x [b, R, d], and the means of their clusters. */
export function clustered(x: Tensor, c: Dim): { centres: Tensor; means: Tensor } {
  const points = allOf(x)
  const clusters = densityPeaks(points, forAll(c, points), c, maximum(forAll(c, points), 1))
  const centres = slice(clusters.order, 1, 0, c)
  return { centres, means: gatherRows(clusterMeans(points, clusters), centres) }
}
