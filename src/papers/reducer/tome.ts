import { z } from 'zod'
import type { LayerSteps, Patches } from '../../models/vision-side.ts'
import { attend, attentionWeights, mergeHeads, splitHeads } from '../../nn/index.ts'
import type { EncoderSite } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import { gatherRows, rangeLike, rowNumbers } from '../../pipeline/method/rows.ts'
import { cosines } from '../../pipeline/method/similarity.ts'
import { scatterPlaces } from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  arange,
  argmax,
  argsort,
  cast,
  concat,
  constant,
  div,
  equal,
  expand,
  fixedDim,
  fullAttention,
  gather,
  less,
  log,
  matmul,
  max,
  maximum,
  mean,
  mul,
  reshape,
  scatterAdd,
  select,
  slice,
  sortAscending,
  sub,
  type Tensor,
  takeAlong,
} from '../../tensor/index.ts'
import { paper } from '../paper.ts'

/**
 * Token Merging: Your ViT But Faster
 * Bolya et al. 2022, ICLR 2023. https://arxiv.org/abs/2210.09461
 */
export const tome = paper({
  id: 'tome',
  name: 'ToMe',
  title: 'Token Merging: Your ViT But Faster',
  role: 'algorithm',
  arxiv: '2210.09461',
  url: 'https://arxiv.org/abs/2210.09461',
  code: 'https://github.com/facebookresearch/ToMe',
  date: '2022-10',
  venue: 'ICLR 2023',
  kind: ['reducer'],
  summary:
    'Merges the most similar pairs of tokens in every layer of the vision encoder, so that each layer has less to do than ' +
    'the one before and the language model gets what is left. Every patch stays part of some token. Needs no training and ' +
    'no question.',
  equation: String.raw`
    a \to b = \arg\max_{b \in B}\, \cos(k_a, k_b),\qquad \text{merged: the } r \text{ most alike } a \in A
    x_b \leftarrow \frac{\sum s\, x}{\sum s},\qquad s_b \leftarrow \textstyle\sum s,\qquad \mathrm{softmax}\!\left(\frac{q k^{\top}}{\sqrt{d}} + \log s\right)
  `,
  where:
    'In each layer of the vision encoder, between attention and MLP: A are the tokens in even places, CLS first, ' +
    'B those in odd ones, k their keys, mean over heads, s how many patches each holds. CLS is never merged. The ' +
    'order is what is left of A, then B. r is at most half of the tokens; of layer i it is floor(r + i step).',
  differs: [
    '`sizes` as in the paper: a token counts as many patches as it holds, in the mean and in attention; ' +
      'without, as in LLMC, both are plain.',
  ],
  places: ['see.layer'],
  options: z.object({
    r: z.number().min(0).default(16).describe('tokens that a layer merges into others'),
    step: z.number().default(0).describe('how many more each layer merges than the one before'),
    sizes: z.boolean().default(true).describe('whether a token counts as many patches as it holds'),
  }),
  method: ({ r, step, sizes }) => ({
    see: {
      layer: (patches, next, at) => {
        const wanted = Math.max(0, Math.trunc(r + at.layer * step))
        const count = Math.min(wanted, most(patches))
        return count > 0 ? mergedLayer(patches, at, count, sizes) : next(patches)
      },
    },
  }),
})

/** Half of the patches at most. */
const most = ({ states, special }: Patches): number => Math.floor((fixedDim('tome', states, 1) - special) / 2)

function mergedLayer(patches: Patches, at: EncoderSite, r: number, isSized: boolean): Patches {
  const { architecture, steps } = at
  if (!steps || patches.special > 1)
    throw methodError(
      `tome merges tokens within an encoder layer, the encoder of ${architecture.name} cannot; use a CLIP or SigLIP`,
    )
  const y = steps.normed(patches.states)
  const keys = steps.keys(y)
  const sizes = isSized ? sizesOf(patches) : undefined
  const attended = add(patches.states, steps.projected(attention(steps, y, keys, sizes)))
  const pairs = matched(meanOverHeads(keys, steps.heads), r, patches.special)
  const states = merged(attended, pairs, sizes)
  return {
    ...patches,
    states: add(states, steps.feedForward(states)),
    owner: ownerAfter(patches, pairs),
    changedBy: [...(patches.changedBy ?? []), 'tome'],
  }
}

/** softmax(q k^T / sqrt(d) + log s) v. */
function attention(steps: LayerSteps, y: Tensor, keys: Tensor, sizes?: Tensor): Tensor {
  const { heads } = steps
  const [queries, values] = [steps.queries(y), steps.values(y)]
  if (!sizes) return fullAttention(queries, keys, values, heads)
  const bias = log(reshape(sizes, [sizes.shape[0], 1, 1, sizes.shape[1]]))
  const weights = attentionWeights(splitHeads(queries, heads), splitHeads(keys, heads), bias)
  return mergeHeads(attend(weights, splitHeads(values, heads)))
}

/** How many patches each token holds, 1 for special ones: [b, t, 1]. */
function sizesOf({ states, special, owner }: Patches): Tensor {
  const [batch, count] = [states.shape[0], fixedDim('tome', states, 1)]
  const ones = expand(constant([1], [1, 1, 1]), [batch, count, 1])
  if (!owner) return ones
  const held = scatterAdd([batch, count - special], maximum(owner, 0), select(less(owner, 0), 0, add(mul(cast(owner, 'f32'), 0), 1))) // biome-ignore format: one step
  return concat([slice(ones, 1, 0, special), reshape(held, [batch, count - special, 1])], 1)
}

const meanOverHeads = (keys: Tensor, heads: number): Tensor => {
  const [batch, count] = keys.shape
  return mean(reshape(keys, [batch, count, heads, fixedDim('tome', keys, 2) / heads]), 2)
}

export interface Pairs {
  /** Of A: those that stay, ascending, and those that go, i64 [b, a - r] and [b, r]. */
  readonly stay: Tensor
  readonly go: Tensor
  /** Where in B the latter go, i64 [b, r]. */
  readonly into: Tensor
}

/** Every second of n places from the first or the second on, i64. */
const everySecond = (n: number, first: 0 | 1): Tensor => {
  const places = Array.from({ length: Math.ceil((n - first) / 2) }, (_, at) => first + 2 * at)
  return constant(places, [places.length], 'i64')
}

/** Bipartite soft matching (equation 1): the r of A that are most like one of B, by metric [b, t, d]. */
export function matched(metric: Tensor, r: number, special: number): Pairs {
  const n = fixedDim('tome', metric, 1)
  const [A, B] = ([0, 1] as const).map((first) => gather(metric, everySecond(n, first), 1))
  const isSpecial = reshape(less(everySecond(n, 0), special), [1, Math.ceil(n / 2), 1])
  const scores = select(isSpecial, -3, cosines(A, B)) // [b, a, b]
  const order = argsort(max(scores, 2), { descending: true })
  const go = slice(order, 1, 0, r)
  return { stay: sortAscending(slice(order, 1, r)), go, into: takeAlong(argmax(scores, 2), go) }
}

/** [A that stay, B with what came to it], [b, t - r, d]. */
export function merged(x: Tensor, { stay, go, into }: Pairs, sizes?: Tensor): Tensor {
  const n = fixedDim('tome', x, 1)
  const [A, B] = ([0, 1] as const).map((first) => (of: Tensor) => gather(of, everySecond(n, first), 1))
  const s = sizes ?? expand(constant([1], [1, 1, 1]), [x.shape[0], n, 1])
  const [batch, r] = go.shape
  const isInto = equal(reshape(into, [batch, 1, r]), reshape(arange(Math.floor(n / 2)), [1, Math.floor(n / 2), 1]))
  const member = cast(isInto, 'f32') // [b, b, r]
  const weights = gatherRows(A(s), go)
  const total = add(mul(B(x), B(s)), matmul(member, mul(gatherRows(A(x), go), weights)))
  const count = add(B(s), matmul(member, weights))
  return concat([gatherRows(A(x), stay), div(total, count)], 1)
}

/** Where each patch is now, counted behind the special tokens. */
function ownerAfter(patches: Patches, { stay, go, into }: Pairs): Tensor {
  const { states, special } = patches
  const [batch, n] = [states.shape[0], fixedDim('tome', states, 1)]
  const first = fixedDim('tome', stay, 1)
  const odd = everySecond(n, 1)
  const ofB = expand(reshape(odd, [1, odd.shape[0]]), [batch, odd.shape[0]])
  const before = concat([mul(stay, 2), mul(go, 2), ofB], 1)
  const after = concat([rangeLike(stay), add(into, first), add(rangeLike(ofB), first)], 1)
  const place = sub(scatterPlaces(n, before, after), special)
  const owner = patches.owner ?? rowNumbers(slice(states, 1, special))
  return select(less(owner, 0), -1, takeAlong(place, add(maximum(owner, 0), special)))
}

const _rangeOf = (like: Tensor): Tensor => expand(reshape(arange(like.shape[1]), [1, like.shape[1]]), like.shape)
