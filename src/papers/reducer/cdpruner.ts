import { z } from 'zod'
import { greedy, keepOfPicture } from '../../pipeline/method/choose.ts'
import type { Site } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import { gatherRows, rowNumbers } from '../../pipeline/method/rows.ts'
import { cosines } from '../../pipeline/method/similarity.ts'
import {
  add,
  cast,
  concat,
  dimValue,
  div,
  exp,
  expand,
  less,
  matmul,
  max,
  maximum,
  min,
  mul,
  neg,
  reshape,
  select,
  sortAscending,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  takeAlong,
} from '../../tensor/index.ts'
import { idsOption, keepOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * Beyond Attention or Similarity: Maximizing Conditional Diversity for Token Pruning in MLLMs
 * 2025, NeurIPS 2025. https://arxiv.org/abs/2506.10967
 */
export const cdpruner = paper({
  id: 'cdpruner',
  name: 'CDPruner',
  title: 'Beyond Attention or Similarity: Maximizing Conditional Diversity for Token Pruning in MLLMs',
  role: 'algorithm',
  arxiv: '2506.10967',
  url: 'https://arxiv.org/abs/2506.10967',
  code: 'https://github.com/Theia-4869/CDPruner',
  date: '2025-06',
  venue: 'NeurIPS 2025',
  kind: ['reducer'],
  summary:
    'The tokens to keep are a determinantal point process: their likeness to each other, weighted by how relevant each is ' +
    'to the question. A greedy choice maximises the determinant, so what stays is relevant and diverse at once. It needs ' +
    'no attention and no training, and other questions keep other tokens.',
  equation: String.raw`
    K_{ij} = r_i\, S_{ij}\, r_j
    j^* = \arg\max_j d_j,\qquad e = \frac{K_{j^*} - \sum_s c_s[j^*]\, c_s}{\sqrt{d_{j^*}}},\qquad d \leftarrow d - e^2
    \det K_{\text{kept}} = \prod d_{j^*}
  `,
  where:
    'S are cosines of the tokens behind the connector, r their relevance to the question, scaled to [0, 1], d at ' +
    'first the diagonal of K. It is the greedy maximum of a determinantal point process; each e becomes one more ' +
    'c. What is taken is put in raster order.',
  differs: [
    'Relevance is the mean cosine with the embeddings of the words of the question, as in OpenVINO, since no ' +
      'model here holds the CLIP text tower that the authors compare with; their minus sign belongs to that tower ' +
      '(`sign=negative`).',
    '`kernel=direct` is the kernel above; `tempered` has r <- exp(theta / (2 (1 - theta)) r), `blend` theta r S ' +
      'r + (1 - theta) S.',
    'Without a question, and where all are equally relevant, r = 1.',
    'd is 1e-6 at least, and nothing is taken twice.',
    'Each view has a budget and a scale of its own, and pictures are seen anew for each question.',
  ],
  places: ['see.connector'],
  options: z.object({
    keep: keepOption(0.2222),
    relevance: z
      .enum(['question', 'none'])
      .default('question')
      .describe('whether the question counts, or diversity alone'),
    sign: z
      .enum(['positive', 'negative'])
      .default('positive')
      .describe('whether likeness to the question is relevance, or its opposite'),
    kernel: z.enum(['direct', 'tempered', 'blend']).default('direct').describe('how relevance enters the kernel'),
    theta: z.number().min(0).lt(1).default(0.5).describe('weight of relevance in the tempered and the blended kernel'),
    ids: idsOption('pack'),
  }),
  method: ({ relevance, sign, kernel, theta, ...how }) => ({
    ...(relevance === 'question' && { needs: { question: true } as const }),
    see: {
      connector: (tokens, next, at) => {
        const connected = next(tokens)
        return keepOfPicture(connected, { ...how, by: 'cdpruner' }, (k) => {
          const S = cosines(connected.states)
          const K = relevance === 'none' ? S : kernelOf(S, relevanceOf(connected.states, at, sign), kernel, theta)
          return sortAscending(mapOf(K, k))
        })
      },
    },
  }),
})

/** r [b, n] of tokens x [b, n, d], within [0, 1] but for 1e-6. */
function relevanceOf(x: Tensor, { question, embed, architecture }: Site, sign: 'positive' | 'negative'): Tensor {
  if (!question || !embed || architecture.vision.question)
    throw methodError(
      'cdpruner compares tokens with the words of the question, which this model does not show them; use relevance=none',
    )
  const [batch] = x.shape
  const words = embed(question) // [1, t, d]
  const c = cosines(x, expand(words, [batch, ...words.shape.slice(1)]))
  const mean = div(sum(c, 2), maximum(cast(dimValue(question.shape[1]), 'f32'), 1))
  const q = sign === 'positive' ? mean : neg(mean)
  const [low, high] = [min(q, 1, true), max(q, 1, true)]
  const range = sub(high, low)
  return select(less(range, 1e-6), 1, div(add(sub(q, low), 1e-6), maximum(range, 1e-6)))
}

export function kernelOf(S: Tensor, r: Tensor, form: 'direct' | 'tempered' | 'blend', theta: number): Tensor {
  const [batch, n] = r.shape
  const weight = form === 'tempered' ? exp(mul(r, theta / (2 * (1 - theta)))) : r
  const K = mul(mul(S, reshape(weight, [batch, n, 1])), reshape(weight, [batch, 1, n]))
  return form === 'blend' ? add(mul(K, theta), mul(S, 1 - theta)) : K
}

interface Factor {
  /** What each token would add to the determinant, [b, n]. */
  readonly d: Tensor
  /** Rows c_s of the factor, [b, s, n]. */
  readonly c?: Tensor
}

/** k indices into K [b, n, n], as they are taken. */
export function mapOf(K: Tensor, k: number): Tensor {
  const [batch, n] = K.shape
  const diagonal = reshape(takeAlong(K, reshape(rowNumbers(K), [batch, n, 1])), [batch, n])
  const after = (state: Factor | undefined, j: Tensor): Factor => {
    const { d, c } = state ?? { d: diagonal, c: undefined }
    const Kj = gatherRows(K, j) // [b, 1, n]
    const root = sqrt(maximum(takeAlong(d, j), 1e-6))
    const explained = c && matmul(reshape(column(c, j), [batch, 1, c.shape[1]]), c)
    const e = div(explained ? sub(Kj, explained) : Kj, reshape(root, [batch, 1, 1]))
    return { d: sub(d, square(reshape(e, [batch, n]))), c: c ? concat([c, e], 1) : e }
  }
  return greedy<Factor>(k, (state) => state?.d ?? diagonal, after)
}

/** c[:, :, j], [b, s, 1]. */
function column(c: Tensor, j: Tensor): Tensor {
  const [batch, count] = c.shape
  return takeAlong(c, expand(reshape(j, [batch, 1, 1]), [batch, count, 1]))
}
