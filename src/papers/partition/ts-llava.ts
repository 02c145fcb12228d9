import { z } from 'zod'
import { middles, pickFrames } from '../../media/video/pick-frames.ts'
import { assertOneSize, timestampsOf, type Video } from '../../media/video.ts'
import { framesPerClip } from '../../models/views/prompt-form.ts'
import { framesOf, leaveOfFrames } from '../../pipeline/method/frames.ts'
import type { PlaceFunctions } from '../../pipeline/method/method.ts'
import { constant, countOf, equal } from '../../tensor/index.ts'
import { roundHalfEven } from '../../tensor/round-half-even.ts'
import { idsOption } from '../options.ts'
import { paper } from '../paper.ts'
import type { Contrast } from '../reports/contrast.ts'
import { thumbnail, tileable } from './ts-llava/thumbnail.ts'

const ID = 'ts-llava'

const options = z
  .object({
    frames: z
      .int()
      .min(1)
      .default(50)
      .describe('T: so many frames of a video, evenly spread; all where it has no more'),
    tiles: z.int().min(0).default(6).describe('n_T: frames in the thumbnail; 0: none'),
    sampled: z.number().min(0).max(1).default(0.1).describe('S / N: share of the tokens of all frames that stay'),
    first: z.enum(['sampled', 'thumbnail']).default('sampled').describe('which of the two comes first'),
    ids: idsOption('pack'),
  })
  .refine(({ tiles, sampled }) => tiles > 0 || sampled > 0, {
    message: 'leaves nothing of a video; keep some tokens or have a thumbnail',
    path: ['sampled'],
  })

type Options = z.output<typeof options>

/**
 * TS-LLaVA: Constructing Visual Tokens through Thumbnail-and-Sampling for Training-Free Video Large Language Models
 * 2024. https://arxiv.org/abs/2411.11066
 */
export const tsLlava = paper({
  id: ID,
  name: 'TS-LLaVA',
  title:
    'TS-LLaVA: Constructing Visual Tokens through Thumbnail-and-Sampling for Training-Free Video Large Language Models',
  arxiv: '2411.11066',
  url: 'https://arxiv.org/abs/2411.11066',
  code: 'https://github.com/tingyu215/TS-LLaVA',
  date: '2024-11',
  kind: ['partition', 'reducer', 'application'],
  summary:
    'Lets an image model watch video as it is. A few equidistant frames are tiled into one thumbnail image, sharp ' +
    'in space, and about every tenth token of all frames is kept, dense in time; both are concatenated and fit a ' +
    '4096-token context. With no training at all, a 34B image model comes out above GPT-4V on MVBench.',
  equation: String.raw`
    [\,F_{k_0}, \ldots, F_{k_{S-1}} ;\ F_T\,],\qquad k_s = \mathrm{round}\!\left(\frac{s\,(N - 1)}{S - 1}\right)
    F_T = \mathrm{encode}\big(\mathrm{tile}(X_{j_0}, \ldots, X_{j_{n_T - 1}})\big),\qquad j_m = \mathrm{round}\!\left(\frac{m\,(T - 1)}{n_T - 1}\right)
  `,
  where:
    'F are the N tokens of all T frames X in the order of time and raster; S of them stay, from the first to the last. The ' +
    'thumbnail is a picture of n_T frames, row by row, and keeps all of its tokens. Halves are rounded to the even number.',
  differs: [
    'The thumbnail is one more frame behind the last, or before the first: it is resized, encoded and written as frames ' +
      'are. Families that write the second of each frame write one for it, too.',
    'Frames are squeezed into their cells at once, in eight bits; the paper tiles normalised squares. Cells fill ' +
      'the whole picture, whatever its size.',
    'Fewer frames than tiles, or a number of tiles that is prime, gives the next smaller thumbnail that tiles in both ' +
      'directions, where the released code fails; a video of no more than T frames is seen whole.',
    'Where a model encodes several frames as one, the last frame stands for those that are missing, and the thumbnail is ' +
      'such a clip by itself.',
    'Sampling is blind: a stride near a multiple of the row width sees few columns. Nothing is done about that.',
    'S is a share of the tokens, a tenth as in the paper, so that S : P = 5 : 1 where T is 50.',
    'The layouts with several thumbnails (Z, W, U), the shuffled one, prompts and prefilled answers are not here: what ' +
      'is asked is asked as it is.',
  ],
  places: ['see.frames', 'see.tokens'],
  options,
  method: (options) => places(options),
  run: async function* (lab) {
    if (lab.part !== 'effect') return
    const { armsUnder, contrasts } = await import('../reports/contrast.ts')
    const { askFilms, withFilms } = await import('../reports/films.ts')
    const how = { ask: askFilms(lab, FRAMES), arms: armsUnder(ID, (chosen) => places(options.parse(chosen))) }
    yield* withFilms(lab, CLAIMS[0].claim, () => contrasts(lab, CLAIMS, how))
  },
})

/** Of the films that it is measured on: a thumbnail has as many tokens as each, a sixteenth of all. */
const FRAMES = 16

const needle = { first: { sampled: 0.1 }, tasks: ['film-needle'], least: 5 } as const
const CLAIMS: readonly Contrast[] = [
  { ...needle, claim: 'thumbnail and samples find more than as many samples', other: { tiles: 0, sampled: 0.1625 } },
  { ...needle, claim: 'thumbnail and samples find more than the thumbnail', other: { sampled: 0 } },
]

const places = ({ frames: T, tiles, sampled, first, ids }: Options): PlaceFunctions => ({
  needs: { ofVideos: true },
  see: {
    frames: (video, { prompt }) => withThumbnail(evenly(video, T), { tiles, first, clip: framesPerClip(prompt) }),
    tokens: (tokens) => {
      const frames = framesOf(tokens, ID)
      if (!frames) return tokens
      const { count, each } = frames
      const [T, start] = tiles > 0 ? [count - 1, first === 'sampled' ? 0 : each] : [count, 0]
      const isKept = new Array<number>(count * each).fill(1).fill(0, start, start + T * each)
      const chosen = linspace(T * each, countOf(T * each, sampled))
      for (const k of chosen) isKept[start + k] = 1
      const kept = equal(constant(isKept, [count, each]), 1)
      return leaveOfFrames(tokens, frames, { kept, count: chosen.length + (count - T) * each }, { by: ID, ids })
    },
  },
})

/** round(i (N - 1) / (k - 1)) for i < k; of one, the first. */
export const linspace = (N: number, k: number): number[] =>
  Array.from({ length: k }, (_, i) => (k > 1 ? roundHalfEven((i * (N - 1)) / (k - 1)) : 0))

const evenly = (video: Video, T: number): Video =>
  video.frames.length > T ? pickFrames(video, middles(video.frames.length, T)) : video

interface Thumbnailing extends Pick<Options, 'tiles' | 'first'> {
  /** Frames that are encoded as one. */
  readonly clip: number
}

/** A video, and as one more frame of it, or one more clip, some of its frames in one picture. */
function withThumbnail(video: Video, { tiles, first, clip }: Thumbnailing): Video {
  if (tiles === 0) return video
  assertOneSize(video)
  const [T, times] = [video.frames.length, timestampsOf(video)]
  const whole = Math.ceil(T / clip) * clip
  const after = (frame: number) => times[T - 1] + (frame - T + 1) / video.framesPerSecond
  const tiled = thumbnail(linspace(T, tileable(Math.min(tiles, T))).map((frame) => video.frames[frame]))
  const shown = Array.from({ length: whole }, (_, frame) => ({
    image: video.frames[Math.min(frame, T - 1)],
    time: frame < T ? times[frame] : after(frame),
  }))
  const more = Array.from({ length: clip }, (_, at) => ({
    image: tiled,
    time: first === 'sampled' ? after(whole + at) : times[0],
  }))
  const all = first === 'sampled' ? [...shown, ...more] : [...more, ...shown]
  return { ...video, frames: all.map(({ image }) => image), timestamps: all.map(({ time }) => time) }
}
