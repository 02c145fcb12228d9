import { z } from 'zod'
import { gatherRows } from '../../pipeline/method/rows.ts'
import {
  assertPatches,
  clsAttention,
  patchKeys,
  regroup,
  scatterPlaces,
  type VisualTokens,
} from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  arange,
  argmax,
  concat,
  constant,
  countOf,
  div,
  expand,
  fixedDim,
  gather,
  matmul,
  maximum,
  mean,
  oneHot,
  reshape,
  slice,
  sortAscending,
  sqrt,
  square,
  sum,
  type Tensor,
  topK,
  transpose,
} from '../../tensor/index.ts'
import { paper } from '../paper.ts'

/**
 * VisionZip: Longer is Better but Not Necessary in Vision Language Models
 * Yang et al. 2024, CVPR 2025. https://arxiv.org/abs/2412.04467
 *
 * Dominant tokens: the patches with most attention from CLS. Contextual tokens: every step-th of the rest, plus the mean
 * of those of the rest whose keys are most similar.
 */
export const visionzip = paper({
  id: 'visionzip',
  name: 'VisionZip',
  title: 'VisionZip: Longer is Better but Not Necessary in Vision Language Models',
  role: 'algorithm',
  arxiv: '2412.04467',
  url: 'https://arxiv.org/abs/2412.04467',
  code: 'https://github.com/dvlab-research/VisionZip',
  date: '2024-12',
  venue: 'CVPR 2025',
  reported: { 'time of the prefill': { value: 0.125, unit: 'x', where: 'abstract: 8 x as fast' } },
  kind: ['reducer'],
  summary:
    'The vision encoder itself says which patches matter: those that CLS attends to stay as dominant tokens, and the many ' +
    'others are merged by key similarity into a few contextual ones. The choice is independent of the question, so it is ' +
    'made once per image, before the language model.',
  places: ['see.patches'],
  options: z.object({
    keep: z.number().gt(0).max(1).default(0.25).describe('share of the patches that become tokens'),
    contextual: z.number().min(0).max(1).default(0.16).describe('share of those tokens that are merged ones'),
    layer: z.int().default(-2).describe('vision layer whose attention and keys are read, negative from the end'),
  }),
  method: ({ keep, contextual, layer }) => ({
    see: {
      patches: (tokens) => {
        assertPatches(tokens, 'visionzip')
        const n = fixedDim('visionzip', tokens.states, 1)
        const total = countOf(n, keep)
        // One dominant token at least, unless none was asked for.
        const merged = total === n ? 0 : Math.min(countOf(total, contextual), contextual < 1 ? total - 1 : total)
        return zip(tokens, layer, total - merged, merged)
      },
    },
  }),
})

/** D dominant and C contextual tokens, in that order; D in raster order. */
function zip(tokens: VisualTokens, layer: number, D: number, C: number): VisualTokens {
  const n = fixedDim('visionzip', tokens.states, 1)
  const order = topK(sum(clsAttention(tokens, layer, 'visionzip'), 1), n) // [b, n], most attended first
  const dominant = sortAscending(slice(order, 1, 0, D))
  const kept = gatherRows(tokens.states, dominant)
  const places = [rowOf(D, dominant)]
  if (C === 0) return regroup(tokens, kept, scatterPlaces(n, dominant, places[0]), 'visionzip')

  const rest = sortAscending(slice(order, 1, D))
  const step = Math.max(1, Math.floor((n - D) / C))
  const isTarget = (i: number) => i % step === 0 && i / step < C
  const pick = (wanted: boolean) => indices([...Array(n - D).keys()].filter((i) => isTarget(i) === wanted))
  const [targets, others] = [gather(rest, pick(true), 1), gather(rest, pick(false), 1)] // [b, C], [b, R - C]

  const keys = unit(meanOverHeads(tokens, layer)) // [b, n, d]
  const similarity = matmul(gatherRows(keys, others), transpose(gatherRows(keys, targets))) // [b, R - C, C]
  const nearest = argmax(similarity, -1) // [b, R - C]
  const member = transpose(oneHot(nearest, C)) // [b, C, R - C]
  const average = div(matmul(member, gatherRows(tokens.states, others)), maximum(sum(member, -1, true), 1))
  const contextual = add(gatherRows(tokens.states, targets), average)

  places.push(add(rowOf(C, targets), D), add(nearest, D))
  const assignment = scatterPlaces(n, concat([dominant, targets, others], 1), concat(places, 1))
  return regroup(tokens, concat([kept, contextual], 1), assignment, 'visionzip')
}

const indices = (values: readonly number[]): Tensor => constant(values, [values.length], 'i64')

/** 0, 1, ..., count - 1 in the shape of `like` [b, count]. */
const rowOf = (count: number, like: Tensor): Tensor => expand(reshape(arange(count), [1, count]), like.shape)

/** Keys averaged over heads: [b, n, d / h]. */
function meanOverHeads(tokens: VisualTokens, layer: number): Tensor {
  const keys = patchKeys(tokens, layer)
  const [batch, n] = keys.shape
  const heads = fixedDim('visionzip', clsAttention(tokens, layer, 'visionzip'), 1)
  return mean(reshape(keys, [batch, n, heads, fixedDim('visionzip', keys, 2) / heads]), 2)
}

const unit = (x: Tensor): Tensor => div(x, maximum(sqrt(sum(square(x), -1, true)), 1e-6))
