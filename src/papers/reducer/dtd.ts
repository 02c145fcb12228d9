import { z } from 'zod'
import type { Carrying } from '../../pipeline/method/carrying.ts'
import { framesOf, leaveOfFrames } from '../../pipeline/method/frames.ts'
import { markRows } from '../../pipeline/method/rows.ts'
import { cosine } from '../../pipeline/method/similarity.ts'
import {
  add,
  concat,
  constant,
  equal,
  fixedDim,
  lessEqual,
  mul,
  not,
  or,
  slice,
  type Tensor,
  topK,
} from '../../tensor/index.ts'
import { idsOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * TimeChat-Online: 80% Visual Tokens are Naturally Redundant in Streaming Videos
 * Yao et al. 2025, ACM Multimedia 2025. https://arxiv.org/abs/2504.17343
 */
export const dtd = paper({
  id: 'dtd',
  name: 'DTD',
  title: 'TimeChat-Online: 80% Visual Tokens are Naturally Redundant in Streaming Videos',
  role: 'algorithm',
  arxiv: '2504.17343',
  url: 'https://arxiv.org/abs/2504.17343',
  code: 'https://github.com/yaolinli/TimeChat-Online',
  date: '2025-04',
  venue: 'ACM Multimedia 2025',
  kind: ['reducer'],
  summary:
    'Drops a token of a video that is too much like the one in its place a step before. A threshold and no budget: a ' +
    'still scene shrinks to its first frame, a cut keeps everything, and how much is dropped says when something ' +
    'happens. Needs no training; the threshold has to fit the model.',
  equation: String.raw`s_{t,i} = \cos(V_{t-1,i},\, V_{t,i}),\qquad \text{dropped where } s_{t,i} > \tau`,
  where:
    'V are the tokens of step t behind the connector, i a place of the grid, tau the `threshold`. With ' +
    '`mode=relative` the floor(n threshold) most alike of the n tokens of a step go. The first step stays ' +
    'complete; the step before is always compared complete, whatever was dropped of it. Kept tokens keep their ' +
    'places in time, row and column. In a stream the step before is that of the frame before.',
  differs: ['The pixel form of the paper is not here.'],
  places: ['see.tokens', 'stream'],
  options: z.object({
    threshold: z
      .number()
      .min(-1)
      .max(1)
      .default(0.5)
      .describe('cosine above which a token is dropped; relative: a share'),
    mode: z.enum(['absolute', 'relative']).default('absolute').describe('one cosine for all, or so many of each step'),
    ids: idsOption('keep'),
  }),
  method: ({ threshold, mode, ids }) => ({
    needs: { ofVideos: true },
    see: {
      tokens: (tokens, { stream }) => {
        const frames = framesOf(tokens, 'dtd')
        if (!frames || (frames.count === 1 && !stream)) return tokens
        const { each, states } = frames
        const [before, isFirst] = stream ? stepBefore(stream, states) : stepsBefore(states)
        const likeness = cosine(before, states)
        const isNew =
          mode === 'absolute'
            ? lessEqual(likeness, threshold)
            : not(markRows(each, topK(likeness, Math.floor(each * Math.max(0, threshold)))))
        return leaveOfFrames(tokens, frames, { kept: or(isNew, isFirst) }, { by: 'dtd', ids })
      },
    },
  }),
})

/** For each step the one before, and which has none: [t, n, d], bool [t, 1]. */
function stepsBefore(states: Tensor): [before: Tensor, isFirst: Tensor] {
  const count = fixedDim('dtd', states, 0)
  const before = concat([slice(states, 0, 0, 1), slice(states, 0, 0, count - 1)], 0)
  const first = Array.from({ length: count }, (_, t) => Number(t === 0))
  return [before, equal(constant(first, [count, 1]), 1)]
}

/** The same of a stream, whose steps come one by one. */
function stepBefore(stream: Carrying, states: Tensor): [before: Tensor, isFirst: Tensor] {
  const before = stream.carried('dtd.before', states.shape)
  const isSecond = stream.carried('dtd.began', [1, 1])
  stream.carry('dtd.before', states)
  stream.carry('dtd.began', add(mul(isSecond, 0), 1))
  return [before, equal(isSecond, 0)]
}

/** Times in seconds at which a tenth of the steps, those that lost least, begin anew; `lost` are shares, from step 1 on. */
export function sceneChanges(lost: readonly number[], secondsPerStep = 2): number[] {
  const wanted = Math.ceil(0.1 * lost.length)
  const least = [...lost.keys()].sort((a, b) => lost[a] - lost[b]).slice(0, wanted)
  return least.sort((a, b) => a - b).map((step) => (step + 1) * secondsPerStep)
}
