import { z } from 'zod'
import type { Grid } from '../../models/vision-side.ts'
import { best, keepPatches } from '../../pipeline/method/choose.ts'
import { patchCount, receivedAttention } from '../../pipeline/method/encoder-signals.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import type { VisualTokens } from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  constant,
  expand,
  gather,
  greater,
  reshape,
  roundHalfEven,
  scatterAdd,
  select,
  type Tensor,
  topK,
} from '../../tensor/index.ts'
import { idsOption, keepSomeOption, visionLayerOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * HiPrune: Training-Free Visual Token Pruning via Hierarchical Attention in Vision-Language Models
 * 2025. https://arxiv.org/abs/2508.00553
 */
export const hiprune = paper({
  id: 'hiprune',
  name: 'HiPrune',
  title: 'HiPrune: Training-Free Visual Token Pruning via Hierarchical Attention in Vision-Language Models',
  role: 'algorithm',
  arxiv: '2508.00553',
  url: 'https://arxiv.org/abs/2508.00553',
  code: 'https://github.com/Danielement321/HiPrune',
  date: '2025-08',
  kind: ['reducer'],
  summary:
    'Middle layers of a vision encoder look at objects, deep ones at tokens spread over the picture. Kept are the patches ' +
    'that a middle layer attends to most, their neighbours, and for the rest of the budget what the last layer attends ' +
    'to. It needs no CLS token, no training and no question.',
  equation: String.raw`
    \text{anchors} = \mathrm{top}_{\mathrm{round}(\alpha N' / 5)}\, m,\qquad \text{buffers} = \text{their four neighbours}
    \text{registers} = \mathrm{top}\, d \ \text{ of all others, until there are } N'
  `,
  where:
    'm and d are the attention that a patch gets in a middle layer of the vision encoder and in that of the ' +
    "features, mean over heads and all queries; N' is how many stay, in raster order.",
  differs: [
    'The middle layer is the 9th of 24 (16th of 32 in Qwen2.5-VL), as a share of the depth: 3/8.',
    'Neighbours outside the grid are dropped; `border=wrap` has those of the released code, which counts on at ' +
      'the end of a row and stops at the first and last patch.',
    'Anchors are never registers too.',
    'Each view has a budget of its own.',
  ],
  places: ['see.patches'],
  options: z.object({
    keep: keepSomeOption(0.2222),
    alpha: z.number().min(0).max(1).default(0.1).describe('share of what stays for anchors and their neighbours'),
    object: z
      .int()
      .optional()
      .describe('middle layer of the encoder, negative from the end; 3/8 of the depth when absent'),
    border: z
      .enum(['drop', 'wrap'])
      .default('drop')
      .describe('neighbours outside the grid: none, or as in the released code'),
    layer: visionLayerOption,
    ids: idsOption('pack'),
  }),
  method: ({ alpha, object, border, layer, ...how }) => ({
    see: {
      patches: (tokens) =>
        keepPatches(tokens, { ...how, by: 'hiprune' }, (count) => {
          const anchors = Math.min(roundHalfEven((count * alpha) / 5), patchCount(tokens))
          const d = receivedAttention(tokens, 'hiprune', layer)
          if (anchors === 0) return best(d, count)
          const m = receivedAttention(tokens, 'hiprune', object ?? middleLayer(tokens))
          const isNear = around(topK(m, anchors), neighboursOf(gridOf(tokens), border), patchCount(tokens))
          return best(select(isNear, add(d, ABOVE), d), count)
        }),
    },
  }),
})

/** More than attention can be. */
const ABOVE = 4

const middleLayer = ({ vision: { layers } }: VisualTokens): number =>
  Math.max(0, Math.round((3 / 8) * layers.length) - 1)

function gridOf({ vision: { grid } }: VisualTokens): Grid {
  if (!grid.times) return grid
  throw methodError(
    'hiprune looks for neighbours in one grid, but this view has several in time; give frames as images',
  )
}

/** Each patch and its four neighbours, [n, 5]; the patch itself where there is none. */
function neighboursOf({ rows, columns }: Grid, border: 'drop' | 'wrap'): Tensor {
  const n = rows * columns
  const of = (patch: number) => {
    const [row, column] = [Math.floor(patch / columns), patch % columns]
    const inGrid = [column > 0, column < columns - 1, row > 0, row < rows - 1]
    const near = [patch - 1, patch + 1, patch - columns, patch + columns]
    const kept = near.map((other, side) =>
      border === 'wrap' ? Math.min(Math.max(other, 0), n - 1) : inGrid[side] ? other : patch,
    )
    return [patch, ...kept]
  }
  return constant(Array.from({ length: n }, (_, patch) => of(patch)).flat(), [n, 5], 'i64')
}

/** Whether each of n patches is an anchor (i64 [b, A]) or a neighbour of one: bool [b, n]. */
function around(anchors: Tensor, neighbours: Tensor, n: number): Tensor {
  const [batch, count] = anchors.shape as [number, number]
  const near = reshape(gather(neighbours, anchors, 0), [batch, 5 * count])
  return greater(scatterAdd([batch, n], near, expand(constant([1], [1, 1]), [batch, 5 * count])), 0)
}
