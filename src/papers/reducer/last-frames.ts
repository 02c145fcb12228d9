import { z } from 'zod'
import { pickFrames } from '../../media/video/pick-frames.ts'
import { timestampsOf, type Video } from '../../media/video.ts'
import { paper } from '../paper.ts'

/**
 * A Simple Baseline for Streaming Video Understanding
 * 2026. https://arxiv.org/abs/2604.02317
 */
export const lastFrames = paper({
  id: 'last-frames',
  name: 'SimpleStream',
  title: 'A Simple Baseline for Streaming Video Understanding',
  role: 'baseline',
  arxiv: '2604.02317',
  url: 'https://arxiv.org/abs/2604.02317',
  code: 'https://github.com/EvolvingLMMs-Lab/SimpleStream',
  date: '2026-04',
  kind: ['reducer', 'partition'],
  summary:
    'Shows the model only the last few frames before the question. It costs the same however long the video is, and is ' +
    'hard to beat on what happens now; what happened before its window it cannot know. Every method for streams has to.',
  equation: String.raw`C_t = \{\, f : \lfloor \mathrm{time}(f) / c \rfloor \ \text{among the last } N \text{ chunks up to } t \,\}`,
  where:
    'At time t the model sees these frames and nothing else: no memory, no retrieval, no compression. A video of ' +
    'no more chunks is seen whole, an image is not touched.',
  differs: [
    'The frames stay frames of a video, in the form that the family writes those in; the paper gives them as ' +
      'images.',
  ],
  places: ['see.frames'],
  options: z.object({
    frames: z.int().min(1).default(4).describe('N: chunks of the video that are seen, the last ones'),
    chunk: z.number().min(0).default(0).describe('seconds of a chunk; 0: each frame is one'),
    until: z.number().min(0).default(1e9).describe('seconds at which the question is asked; later frames are not seen'),
  }),
  method: ({ frames, chunk, until }) => ({
    see: { frames: (video) => pickFrames(video, lastChunks(video, frames, chunk, until)) },
  }),
})

/** Indices of the frames in the last chunks up to a time; the first frame where none was shown by then. */
export function lastChunks(video: Video, chunks: number, seconds: number, until: number): number[] {
  const times = timestampsOf(video)
  const visible = times.flatMap((time, index) => (time <= until ? [index] : []))
  const chunkOf = (index: number) => (seconds > 0 ? Math.floor(times[index] / seconds) : index)
  const known = [...new Set(visible.map(chunkOf))].slice(-chunks)
  return visible.length > 0 ? visible.filter((index) => known.includes(chunkOf(index))) : [0]
}
