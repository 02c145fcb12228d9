import { z } from 'zod'
import type { Patches } from '../../models/vision-side.ts'
import { type Ids, PLACE } from '../../pipeline/method/ids.ts'
import type { EncoderSite } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import { LEFT_OF_VIEW, noteSignal, type VisualTokens } from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  arange,
  cast,
  concat,
  constant,
  fixedDim,
  gather,
  greaterEqual,
  maskedIndices,
  maximum,
  mul,
  mulDim,
  reshape,
  scatterAdd,
  slice,
  sub,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'
import { idsOption } from '../options.ts'
import { paper } from '../paper.ts'
import { type Prediction, unpredicted } from './pixels/predicted-blocks.ts'

/**
 * PixelPrune: Pixel-Level Adaptive Visual Token Reduction via Predictive Coding
 * 2026. https://arxiv.org/abs/2604.00886
 */
export const pixelprune = paper({
  id: 'pixelprune',
  name: 'PixelPrune',
  title: 'PixelPrune: Pixel-Level Adaptive Visual Token Reduction via Predictive Coding',
  role: 'algorithm',
  arxiv: '2604.00886',
  url: 'https://arxiv.org/abs/2604.00886',
  code: 'https://github.com/OPPO-Mente-Lab/PixelPrune',
  date: '2026-04',
  kind: ['reducer'],
  summary:
    'Drops every block of pixels that its neighbours predict, before the vision encoder runs: margins, panels and straight ' +
    'edges of documents and screens cost next to nothing, text and photographs are kept. Nothing is lost where the ' +
    'threshold is 0. Needs no training and no question.',
  equation: String.raw`
    \hat{X} = \begin{cases} B & \text{if } \mathrm{dist}(C, A) \le \tau \text{ and } \mathrm{dist}(C, B) > \tau \\ A & \text{else} \end{cases}
    \text{dropped where } \mathrm{dist}(X, \hat{X}) \le \tau
  `,
  where:
    'X is a block of pixels that becomes a token, A the one left of it, B the one above, C the one between them: ' +
    'blocks are predicted as a lossless coder does. What is like its prediction is dropped before the encoder; ' +
    'all layers, the connector and the language model see the others alone, in their places. Photographs and ' +
    'compressed scans have few equal blocks.',
  differs: [
    'Where tau > 0, neighbours are blocks as they were reconstructed (`anchored`), so that none is further off ' +
      'than tau.',
    'tau counts in the units of what the encoder is given: brightness divided by the std of the processor.',
    'How many tokens stay only the picture tells, so views go through the encoder one at a time.',
  ],
  places: ['see.layer', 'see.patches'],
  options: z.object({
    tau: z.number().min(0).default(0).describe('distance up to which two blocks are the same; 0: equal bit by bit'),
    metric: z.enum(['max', 'mean', 'rms']).default('max').describe('how the distance of two blocks is taken'),
    anchored: z.boolean().default(true).describe('compare with blocks as reconstructed, or as they are'),
    ids: idsOption('keep'),
  }),
  method: ({ ids, ...how }) => ({
    needs: { alone: true },
    see: {
      layer: {
        0: (patches, next, at) => next(keptBlocks(patches, at, how)),
      },
      patches: (tokens) => inPlace(tokens, ids),
    },
  }),
})

function keptBlocks(patches: Patches, { pixels, architecture }: EncoderSite, how: Prediction): Patches {
  const { states, special, grid, changedBy = [] } = patches
  if (pixels.shape[0] !== 1)
    throw methodError('pixelprune keeps another number of patches in each view; encode views one at a time')
  const { patchSize } = architecture.vision
  const [h, w] = [2, 3].map((axis) => Math.floor(fixedDim('pixelprune', pixels, axis) / patchSize))
  const side = grid.columns / w
  const isKept = unpredicted(blocksOf(pixels, h, w, patchSize), how)
  const blocks = maskedIndices(reshape(isKept, [h * w]), LEFT_OF_VIEW)
  const numbers = reshape(gather(patchesOfBlocks(h, w, side), blocks), [mulDim(LEFT_OF_VIEW, side * side)])
  const rows = add(numbers, special)
  const all = special > 0 ? concat([arange(special), rows], 0) : rows
  const count = numbers.shape[0]
  const rank = sub(scatterAdd([h * w * side * side], numbers, add(arange(count), 1), 0), 1)
  return {
    ...patches,
    states: gather(states, all, 1),
    owner: reshape(rank, [1, h * w * side * side]),
    kept: { numbers: reshape(numbers, [1, count]), side },
    changedBy: [...changedBy, 'pixelprune'],
  }
}

/** The pixels of each block, [h, w, d]. */
function blocksOf(pixels: Tensor, h: number, w: number, s: number): Tensor {
  const planes = fixedDim('pixelprune', pixels, 1)
  const whole = slice(slice(pixels, 2, 0, h * s), 3, 0, w * s)
  const cells = transpose(reshape(whole, [planes, h, s, w, s]), [1, 3, 0, 2, 4])
  return reshape(cells, [h, w, planes * s * s])
}

/** Numbers of the patches of each block in raster order of the view, i64 [h w, side^2]. */
function patchesOfBlocks(h: number, w: number, side: number): Tensor {
  const numbers = Array.from({ length: h * w * side * side }, (_, at) => {
    const [block, own] = [Math.floor(at / side ** 2), at % side ** 2]
    const row = Math.floor(block / w) * side + Math.floor(own / side)
    return row * w * side + (block % w) * side + (own % side)
  })
  return constant(numbers, [h * w, side * side], 'i64')
}

/** Tokens that keep their positions stand where their patch did. */
function inPlace(tokens: VisualTokens, ids: Ids): VisualTokens {
  const { states, owner } = tokens
  if (ids === 'pack') return tokens
  const [batch, patches] = owner.shape
  const isThere = cast(greaterEqual(owner, 0), 'i64')
  const own = mul(reshape(arange(patches), [1, patches]), isThere)
  const place = scatterAdd([batch, states.shape[1]], maximum(owner, 0), own)
  return { ...noteSignal(tokens, PLACE, cast(place, 'f32')), span: patches }
}
