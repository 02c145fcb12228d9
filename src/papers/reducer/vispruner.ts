import { z } from 'zod'
import { keepPatches } from '../../pipeline/method/choose.ts'
import { patchCount, patchStates, saliency } from '../../pipeline/method/encoder-signals.ts'
import { gatherRows } from '../../pipeline/method/rows.ts'
import { cosines } from '../../pipeline/method/similarity.ts'
import {
  concat,
  constant,
  countOf,
  expand,
  fixedDim,
  gather,
  max,
  reshape,
  slice,
  sortAscending,
  type Tensor,
  takeAlong,
  topK,
} from '../../tensor/index.ts'
import { idsOption, keepSomeOption, visionLayerOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * Beyond Text-Visual Attention: Exploiting Visual Cues for Effective Token Pruning in VLMs
 * 2024, ICCV 2025. https://arxiv.org/abs/2412.01818
 */
export const vispruner = paper({
  id: 'vispruner',
  name: 'VisPruner',
  title: 'Beyond Text-Visual Attention: Exploiting Visual Cues for Effective Token Pruning in VLMs',
  role: 'algorithm',
  arxiv: '2412.01818',
  url: 'https://arxiv.org/abs/2412.01818',
  code: 'https://github.com/Theia-4869/VisPruner',
  date: '2024-12',
  venue: 'ICCV 2025',
  kind: ['reducer'],
  summary:
    'Half of the budget goes to the patches that CLS looks at most, the other half to patches that differ from each ' +
    'other: among the rest, near duplicates are removed a few at a time. So the background keeps a witness, and tokens ' +
    'go before the language model, whatever the question.',
  equation: String.raw`
    \text{important} = \mathrm{top}_{T_{\mathrm{imp}}}\, A[\mathrm{CLS},\, j]
    \text{others: drop at most 8 at a time of largest } \max_{j \text{ odd}}\, \cos(x_i, x_j),\ i \text{ even},\ \text{until } T - T_{\mathrm{imp}} \text{ are left}
  `,
  where:
    'A and x are attention and features of the vision encoder. The others are in the order of attention; those in ' +
    'even places are compared with those in odd ones, and what stays of the even places comes first, most alike ' +
    'first. Both together, in raster order.',
  differs: [
    'An odd number has one even place more; the released code fails there.',
    'T_imp is rounded as all counts are, where that code rounds down.',
    'Features are those before the connector on all families.',
    'Without CLS the attention that all patches give counts.',
    'Each view has a budget of its own.',
  ],
  places: ['see.patches'],
  options: z.object({
    keep: keepSomeOption(0.2222),
    important: z.number().min(0).max(1).default(0.5).describe('share of what stays that is chosen by attention'),
    layer: visionLayerOption,
    ids: idsOption('pack'),
  }),
  method: ({ important, layer, ...how }) => ({
    see: {
      patches: (tokens) =>
        keepPatches(tokens, { ...how, by: 'vispruner' }, (T) => {
          const order = topK(saliency(tokens, 'vispruner', layer), patchCount(tokens)) // most attended first
          const first = countOf(T, important)
          const likeness = cosines(patchStates(tokens, 'vispruner'))
          const diverse = distinct(slice(order, 1, first), likeness, T - first)
          return sortAscending(concat([slice(order, 1, 0, first), diverse], 1))
        }),
    },
  }),
})

/** Duplicates that go at once. */
const STEP = 8

/** `count` of the tokens (i64 [b, R]), by removing those that are most like another: likeness [b, n, n]. */
function distinct(tokens: Tensor, likeness: Tensor, count: number): Tensor {
  if (count === 0) return slice(tokens, 1, 0, 0)
  let rest = tokens
  for (let R = fixedDim('vispruner', tokens, 1); R > count; ) {
    const [even, odd] = [everySecond(rest, 0), everySecond(rest, 1)]
    const c = max(among(likeness, even, odd), 2)
    const r = Math.min(STEP, R - count, fixedDim('vispruner', even, 1))
    const left = slice(topK(c, even.shape[1]), 1, r)
    rest = concat([takeAlong(even, left), odd], 1)
    R -= r
  }
  return rest
}

function everySecond(x: Tensor, from: number): Tensor {
  const places = Array.from({ length: Math.ceil((fixedDim('vispruner', x, 1) - from) / 2) }, (_, at) => 2 * at + from)
  return gather(x, constant(places, [places.length], 'i64'), 1)
}

/** Rows and columns of x [b, n, n]: [b, r, c]. */
function among(x: Tensor, rows: Tensor, columns: Tensor): Tensor {
  const [batch, r] = rows.shape
  const c = columns.shape[1]
  return takeAlong(gatherRows(x, rows), expand(reshape(columns, [batch, 1, c]), [batch, r, c]))
}
