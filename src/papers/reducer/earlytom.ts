import { z } from 'zod'
import { framesOf, leaveOfFrames, signalOfFrames } from '../../pipeline/method/frames.ts'
import type { Ids } from '../../pipeline/method/ids.ts'
import type { PlaceFunctions } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import type { GatheredTokens } from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  and,
  arange,
  cast,
  div,
  equal,
  expand,
  less,
  mean,
  minimum,
  mul,
  not,
  or,
  reshape,
  round,
  select,
  sum,
  type Tensor,
} from '../../tensor/index.ts'
import { idsOption } from '../options.ts'
import { paper } from '../paper.ts'
import { mergeVisual } from './frames/merge-visual.ts'
import { inAllFrames, mergedFrames, noted, SIGNALS } from './frames/merged-frames.ts'
import { largestShare, windowWinners } from './frames/window-winners.ts'

/**
 * EarlyTom: Early Token Compression Completes Fast Video Understanding
 * 2026, CVPR 2026. https://arxiv.org/abs/2605.30010
 */
export const earlytom = paper({
  id: 'earlytom',
  name: 'EarlyTom',
  title: 'EarlyTom: Early Token Compression Completes Fast Video Understanding',
  role: 'algorithm',
  arxiv: '2605.30010',
  url: 'https://arxiv.org/abs/2605.30010',
  code: 'https://github.com/viridisGreen/EarlyTom',
  date: '2026-05',
  venue: 'CVPR 2026',
  kind: ['reducer', 'compute'],
  summary:
    'Merges whole frames of a video within the vision encoder, so that its later layers run on fewer of them; behind it, ' +
    'frames at the ends of a scene keep what is attended to, frames within keep one token of every window. Needs no ' +
    'training and no question.',
  equation: String.raw`
    s(x, y) = \mathrm{mean}_i\, \cos(x_i, y_i),\qquad \text{a segment ends where } \bar{s} < \tau
    r' = \min(r\, T / T',\ 1)
    \text{at the ends: } \mathrm{top}_{\lceil n r' \rceil}\, a,\qquad \text{between: } \arg\max a \text{ of each of } \max(1, \mathrm{round}(n r')) \text{ windows}
  `,
  where:
    'Behind some layers of the vision encoder, frames are cut into segments that are like their first one; the ' +
    'first and the last frame of each stay, those between are merged in pairs, and later layers and the connector ' +
    "run on the T' frames that are left of T. Then, of the n tokens of a frame, those stay that the last of these " +
    'layers attends to most (a); in windows of neighbours, what draws all attention takes one place only. In the ' +
    'language model half of the visual tokens is merged before one layer, as HoliTom has it.',
  differs: [
    '`layers` and `tau` are tuned for each benchmark by the released scripts; the defaults are one setting of ' +
      'them.',
    'Clusters beside the top-k (D) are 0 in the released scripts, and left out.',
    'Images are as they are until the language model.',
  ],
  places: ['see.layer', 'see.patches', 'see.connector', 'see.tokens', 'read.layer'],
  options: z.object({
    retain: z.number().gt(0).max(1).default(0.2).describe('r: share of the tokens of a video that stay'),
    tau: z.number().default(0.5).describe('mean likeness to its first frame below which a segment ends'),
    ema: z.number().min(0).max(1).default(0.9).describe('weight of the newest frame in that mean'),
    most: z.int().min(1).default(6).describe('M: a segment has fewer frames than this'),
    layers: z.coerce // a single layer is read as a number
      .string()
      .regex(/^(none|\d+(\/\d+)*)$/, 'takes layers of the encoder, such as 8/21/23, or none')
      .default('8/21/23')
      .describe('layers of the encoder, from 0, behind which frames are merged'),
    last: z
      .enum(['drop', 'keep'])
      .default('drop')
      .describe('a last middle frame that is not merged; dropped as released'),
    ties: z.enum(['apart', 'merge']).default('apart').describe('frames that are equally alike, as in a still video'),
    depth: z
      .number()
      .gt(0)
      .max(1)
      .default(9 / 14)
      .describe('share of the layers before which tokens are merged; 1: none'),
    merge: z.number().min(0).max(1).default(0.5).describe('rho: share of the visual tokens that are merged there'),
    ids: idsOption('pack'),
  }),
  method: ({ layers, depth, merge, retain, ids, last, ties, ...stream }): PlaceFunctions => {
    const behind = layers === 'none' ? [] : layers.split('/').map(Number)
    const rule = { ...stream, last: last === 'keep', ties: ties === 'merge' }
    return {
      needs: { video: true, ofVideos: true },
      see: {
        layer: (patches, next, at) => {
          const isThere = at.frames !== undefined && behind.includes(at.layer - 1)
          return next(isThere ? mergedFrames(patches, at, rule, at.layer - 1 === Math.max(...behind)) : patches)
        },
        patches: (tokens, at) => (at.frames === undefined ? tokens : noted(tokens, behind)),
        connector: (tokens, next, at) => {
          const made = next(tokens)
          return at.frames === undefined ? made : inAllFrames(made, at.frames)
        },
        tokens: (tokens) => chosen(tokens, retain, ids),
      },
      read: {
        layer: (seq, next, { layer, architecture }) => {
          const isThere = layer > 0 && layer === Math.round(depth * architecture.language.layers)
          return next(isThere ? mergeVisual(seq, layer, 1 - merge, 'sequential', 'earlytom') : seq)
        },
      },
    }
  },
})

function chosen(tokens: GatheredTokens, retain: number, ids: Ids): GatheredTokens {
  const frames = framesOf(tokens, 'earlytom')
  if (!frames) return tokens
  if (!tokens.signals[SIGNALS.into])
    throw methodError('earlytom merges frames within the encoder, but these were encoded one by one')
  const { count: t, each: n } = frames
  const signal = (name: string) => signalOfFrames(frames, tokens.signals[name])
  const ofFrame = (name: string) => cast(round(mean(signal(name), 1)), 'i64') // [t]
  const [into, isEdge] = [ofFrame(SIGNALS.into), equal(ofFrame(SIGNALS.edge), 1)]
  const isLeft = equal(into, arange(t))
  const share = minimum(div(retain * t, sum(cast(isLeft, 'f32'))), 1) // r'
  const attention = signal(SIGNALS.attention)
  const wide = (mask: Tensor) => reshape(mask, [t, 1])
  const inEdge = and(wide(isEdge), largestShare(attention, share))
  const within = and(not(wide(isEdge)), windowWinners(attention, share))
  const place = add(mul(reshape(into, [t, 1]), n), arange(n))
  return leaveOfFrames(
    tokens,
    frames,
    { kept: and(wide(isLeft), or(inEdge, within)), into: select(less(wide(into), 0), -1, expand(place, [t, n])) },
    { by: 'earlytom', ids },
  )
}
