import { z } from 'zod'
import { best } from '../../pipeline/method/choose.ts'
import { closingUp } from '../../pipeline/method/closed-up.ts'
import { largestColumn, sumsOf } from '../../pipeline/method/groups.ts'
import { gatherRows, modulo, rangeLike, writeRows } from '../../pipeline/method/rows.ts'
import { keepVisual, lastAttention, type Sequence, visualStates } from '../../pipeline/method/sequence.ts'
import { cosines } from '../../pipeline/method/similarity.ts'
import {
  add,
  constant,
  countOf,
  type Dim,
  div,
  gather,
  maximum,
  mean,
  slice,
  sortAscending,
  sum,
  type Tensor,
  takeAlong,
  topK,
} from '../../tensor/index.ts'
import { idsOption, keepOption } from '../options.ts'
import { paper } from '../paper.ts'
import { randomScores } from './random.ts'

/**
 * Random pruning inside the language model, and merging at the same place, as LLMC+ has them to tell what a score is worth.
 * https://arxiv.org/abs/2508.09981
 */
export const randomPrune = paper({
  id: 'random-prune',
  name: 'RandomPrune',
  title: 'Random pruning and merging inside the language model (LLMC+ baseline)',
  role: 'baseline',
  arxiv: '2508.09981',
  url: 'https://arxiv.org/abs/2508.09981',
  code: 'https://github.com/ModelTC/LightCompress',
  date: '2025-08',
  kind: ['reducer'],
  summary:
    'Drops a random share of the visual tokens before a layer of the language model, where methods that look at attention ' +
    'drop theirs; or merges them into those that are attended to most. What such a method is worth is its distance from ' +
    'this, at the same layer and the same count.',
  equation: String.raw`
    \texttt{random}:\ \mathrm{top}_k\, u,\quad u_j = \mathrm{random}(\text{seed}, \text{prompt}, j)
    \texttt{merge}:\ h_i \leftarrow \frac{h_i + \sum_{j \to i} h_j}{1 + \mathrm{count}_i},\quad j \to i = \arg\max_{i \in \text{kept}} \cos(h_j, h_i)
  `,
  where:
    'Before layer K a random share of the visual tokens stays; or (`metric=merge`) the tokens that the last one ' +
    'attends to most at layer K - 1, each with those of the others that are most like it.',
  differs: [
    'Merging is the inner merging of HoliTom with an exact mean.',
    'The set depends on the seed and on the words of the prompt, so that each question has another one, the ' +
      'same every time.',
    'All pictures of a prompt share one budget; later turns go on with the set of the first.',
  ],
  places: ['read.layer'],
  options: z.object({
    layer: z.int().min(1).default(2).describe('K: tokens are dropped before this layer (0-based)'),
    keep: keepOption(0.5),
    metric: z
      .enum(['random', 'merge'])
      .default('random')
      .describe('drop at random, or merge into what is attended to most'),
    seed: z.int().min(0).default(0).describe('which random subset'),
    ids: idsOption('keep'),
  }),
  method: ({ layer, keep, metric, seed, ids }) => ({
    read: {
      ...closingUp(ids, layer),
      layer: {
        [layer]: (seq, next) => {
          const k = countOf(seq.visual.shape[1], keep)
          if (metric === 'random') return next(keepVisual(seq, best(scoresOf(seq, seed), k), 'random-prune', ids))
          const { whole, kept } = merged(seq, mean(lastAttention(seq, layer - 1, 'random-prune'), 1), k)
          return next(keepVisual(whole, kept, 'random-prune', ids))
        },
      },
    },
  }),
})

/** Random numbers that are drawn before anything is known of a prompt. */
const DRAWN = 4096

/** A score for each visual token by the seed and the text, [b, v]. */
function scoresOf({ visual, tags }: Sequence, seed: number): Tensor {
  const words = tags?.token && modulo(sum(modulo(maximum(tags.token, 0), DRAWN), 1, true), DRAWN)
  const places = modulo(words ? add(rangeLike(visual), words) : rangeLike(visual), DRAWN)
  return gather(constant(randomScores(DRAWN, seed), [DRAWN]), places, 0)
}

/** The sequence with what is dropped merged into the k tokens of largest score, and which these are. */
function merged(seq: Sequence, scores: Tensor, k: Dim): { whole: Sequence; kept: Tensor } {
  const order = topK(scores, scores.shape[1])
  const [kept, dropped] = [sortAscending(slice(order, 1, 0, k)), slice(order, 1, k)]
  if (k === 0 || k === scores.shape[1]) return { whole: seq, kept }
  const h = visualStates(seq)
  const [own, others] = [gatherRows(h, kept), gatherRows(h, dropped)]
  const { sums, counts } = sumsOf(others, largestColumn(cosines(others, own)), k)
  const states = writeRows(seq.states, takeAlong(seq.visual, kept), div(add(own, sums), add(counts, 1)))
  return { whole: { ...seq, states }, kept }
}
