import { z } from 'zod'
import { middles, pickFrames } from '../../media/video/pick-frames.ts'
import type { Video } from '../../media/video.ts'
import { framesPerClip } from '../../models/views/prompt-form.ts'
import { linear } from '../../nn/index.ts'
import { type Frames, framesOf, leaveOfFrames } from '../../pipeline/method/frames.ts'
import { mergeTo } from '../../pipeline/method/matching.ts'
import { leave } from '../../pipeline/method/memory.ts'
import type { PlaceFunctions } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import { assertPatches, type GatheredTokens, type VisualTokens } from '../../pipeline/method/visual-tokens.ts'
import { add, concat, constant, equal, fixedDim, mean, pad, reshape, slice, type Tensor } from '../../tensor/index.ts'
import { dialogueStage } from '../../training/dialogue-stage.ts'
import { idsOption } from '../options.ts'
import { paper } from '../paper.ts'

const ID = 'longvlm'

const options = z.object({
  frames: z.int().min(1).default(100).describe('T: so many frames of a video, evenly spread'),
  segments: z.int().min(1).default(10).describe('K: parts that the frames are cut into, merged each by itself'),
  tokens: z.int().min(1).default(30).describe('that are left of each part'),
  states: z
    .int()
    .min(0)
    .default(5)
    .describe('E: last layers of the encoder whose CLS becomes a token of the whole video'),
  heads: z.int().min(1).default(16).describe('parts of a patch that are averaged to compare it by'),
  ids: idsOption('pack'),
})

type Options = z.output<typeof options>

/**
 * LongVLM: Efficient Long Video Understanding via Large Language Models
 * 2024, ECCV 2024. https://arxiv.org/abs/2404.03384
 */
export const longvlm = paper({
  id: ID,
  name: 'LongVLM',
  title: 'LongVLM: Efficient Long Video Understanding via Large Language Models',
  arxiv: '2404.03384',
  url: 'https://arxiv.org/abs/2404.03384',
  code: 'https://github.com/ziplab/LongVLM',
  date: '2024-04',
  venue: 'ECCV 2024',
  kind: ['partition', 'reducer', 'connector', 'training'],
  summary:
    'Averaging a long video loses the order of its events. A hundred frames are cut into ten segments, the ' +
    'patches of each are merged in steps to 30 tokens, and five global tokens from the CLS states of late encoder ' +
    'layers go in front. The LLM reads 305 instead of 25,600 tokens, and only one linear layer is trained.',
  equation: String.raw`
    V = W\,[\,G\,;\ L_1\,;\ \ldots\,;\ L_K\,] + b,\qquad G_l = \mathrm{mean}_t\ \mathrm{CLS}(h_{l,t}),\quad l = L - E + 1 \ldots L
    L_k = \mathrm{merge}^{\,r_1, r_2, \ldots}(X_k),\qquad r_i = \min(\lfloor n_i / 2 \rfloor,\ n_i - m)
  `,
  where:
    'X_k are the patches of all frames of segment k. A round cuts its n tokens by turns into two sets; the r of the first ' +
    'that are most like one of the second (cosine of means over heads) go into it, which becomes the mean of all ' +
    'patches in it. Rounds go on until m `tokens` are left; G stands before them.',
  differs: [
    'The Linear follows the merging in the paper and comes before it here, which is the same: means of what is linear.',
    'Rounds halve until the last, for any number of patches; 2,560 become 30 by 1280, 640, ..., 40, 10 as in the code, ' +
      'whose other schedule ends at 20.',
    'A video of fewer than T frames is stretched to the next multiple of K, repeating the nearest; the paper stretches to T.',
    'Within a segment tokens are in the order in which merging leaves them, which is not that of time. They take the first ' +
      'places of their segment, the global ones the first of all; in places that are too few, fewer are left.',
    'Without CLS, the mean of the patches stands for it; where several patches are laid side by side, it stands for each. Where a family pools frames or joins patches, tokens are compared ' +
      'by what they are behind the projection.',
    'An image is its patches through W. W is trained so, on stills, in the place of video instructions; the language ' +
      'model stays as it is, and knows of time what it knew.',
  ],
  places: ['see.frames', 'see.connector', 'see.tokens', 'training'],
  options,
  method: (options) => places(options),
  recipe: (options) => {
    const method = { name: ID, ...places(options) }
    return { options: {}, stages: [dialogueStage({ name: 'tune', steps: 600, rate: 3e-3, method })] }
  },
  run: async function* (lab) {
    if (lab.part !== 'effect') return
    const { contrasts } = await import('../reports/contrast.ts')
    const { askFilms, withFilms } = await import('../reports/films.ts')
    const claim = 'segments tell when better than one merging of the whole film'
    const [first, other] = [
      { segments: 8, tokens: 12 },
      { segments: 1, tokens: 96 },
    ]
    const all = [{ claim, first, other, tasks: ['film-order', 'film-when'], least: 10 }]
    yield* withFilms(lab, claim, () => contrasts(lab, all, { ask: askFilms(lab, FRAMES) }))
  },
})

/** Of the films that it is measured on. */
const FRAMES = 32

/** What is left beside the tokens until the frames are together: what patches are compared by, and global tokens. */
const [METRIC, GLOBAL] = [`${ID}.metric`, `${ID}.global`]

const places = (options: Options): PlaceFunctions => ({
  see: {
    frames: (video, { prompt }) => inSegments(video, options, framesPerClip(prompt)),
    connector: (tokens, _next, { p, architecture }) => {
      assertPatches(tokens, ID)
      const W = (x: Tensor) => linear(p.at('projection'), x, architecture.language.hiddenSize)
      const left = leave(
        { ...tokens, states: W(tokens.states) },
        METRIC,
        meanOverHeads(tokens.states, options.heads),
        ID,
      )
      return options.states > 0 ? leave(left, GLOBAL, W(lateStates(tokens, options.states)), ID) : left
    },
    tokens: (tokens) => {
      const { [METRIC]: metric, [GLOBAL]: global, ...memory } = tokens.memory
      const own = { ...tokens, memory }
      const frames = framesOf(own, ID)
      return frames ? summarised(own, frames, { metric, global }, options) : own
    },
  },
})

/** T frames, or as many as the segments divide. */
function inSegments(video: Video, { frames: T, segments: K }: Options, clip: number): Video {
  const F = video.frames.length
  const unit = K * clip
  const wanted = Math.min(Math.max(unit, Math.floor(T / unit) * unit), Math.ceil(F / unit) * unit)
  if (wanted <= F) return wanted === F ? video : pickFrames(video, middles(F, wanted))
  const nearest = Array.from({ length: wanted }, (_, at) => Math.floor((at * F) / wanted))
  return pickFrames(video, nearest)
}

/** Parts of x [b, n, C] of equal width, averaged; x itself where they do not divide it. */
function meanOverHeads(x: Tensor, heads: number): Tensor {
  const [batch, n, C] = [x.shape[0], x.shape[1], fixedDim(ID, x, 2)]
  return C % heads ? x : mean(reshape(x, [batch, n, heads, C / heads]), 2)
}

/** CLS of the last E layers, or the mean of their patches where there is none, as wide as what the connector takes: [b, E, C]. */
function lateStates({ vision: { layers, special }, states }: VisualTokens, E: number): Tensor {
  const late = layers.slice(-E).map(({ hidden }) => {
    const one = special > 0 ? slice(hidden, 1, 0, 1) : mean(hidden, 1, true)
    const folded = fixedDim(ID, states, 2) / fixedDim(ID, one, 2)
    return concat(new Array<Tensor>(folded).fill(one), 2)
  })
  return concat(late, 1)
}

/** G and what each segment is merged to, in the place of all tokens of the frames. */
function summarised(
  tokens: GatheredTokens,
  frames: Frames,
  left: { readonly metric: Tensor; readonly global?: Tensor },
  { segments, tokens: wanted, ids }: Options,
): GatheredTokens {
  const { count, each, states } = frames
  const K = Math.min(segments, count)
  if (count % K)
    throw methodError(`${ID} cuts a video into ${K} segments of equally many frames, and here are ${count}`)
  const [n, D] = [(count / K) * each, fixedDim(ID, states, 2)]
  const global = left.global && slice(mean(left.global, 0, true), 1, 0, Math.min(fixedDim(ID, left.global, 1), n - 1))
  const E = global ? fixedDim(ID, global, 1) : 0
  const m = Math.min(wanted, n - E)
  const isPerToken = left.metric.shape[1] === each
  const x = reshape(states, [K, n, D])
  const { states: L, assignment } = mergeTo(x, isPerToken ? reshape(left.metric, [K, n, -1]) : x, m, true)
  const spread = pad(L, 1, 0, n - m) // each segment's tokens in its first places, [K, n, D]
  const all = global ? inFront(global, spread) : spread
  const starts = Array.from({ length: K }, (_, k) => k * n + (k === 0 ? E : 0))
  const into = add(assignment, constant(starts, [K, 1], 'i64'))
  const isKept = new Array<number>(K * n).fill(0)
  for (const [k, start] of starts.entries()) isKept.fill(1, k * n, start + m)
  const kept = equal(constant(isKept, [count, each]), 1)
  const grid = { states: reshape(all, [count, each, D]), into: reshape(into, [count, each]) }
  return leaveOfFrames(tokens, frames, { kept, count: E + K * m, ...grid }, { by: ID, ids })
}

/** [1, E, D] before the tokens of the first of K segments [K, n, D], whose last places are free. */
function inFront(global: Tensor, segments: Tensor): Tensor {
  const [K, n] = [fixedDim(ID, segments, 0), fixedDim(ID, segments, 1)]
  const rest = slice(slice(segments, 0, 0, 1), 1, 0, n - fixedDim(ID, global, 1))
  const first = concat([global, rest], 1)
  return K > 1 ? concat([first, slice(segments, 0, 1)], 0) : first
}
