import { z } from 'zod'
import { pickFrames } from '../../media/video/pick-frames.ts'
import { countOf } from '../../tensor/index.ts'
import { paper } from '../paper.ts'

/** Fewer frames, spread evenly: what every method over frames has to beat at as many tokens. */
export const uniformFrames = paper({
  id: 'uniform-frames',
  name: 'Uniform frames',
  title: 'Uniform frame sampling (baseline)',
  role: 'baseline',
  date: '2026-11',
  kind: ['reducer', 'partition'],
  summary:
    'Shows the model every so many-th frame of a video, each as it is. The encoder has less to do, too. A method that ' +
    'merges or drops tokens over frames is worth something where it beats this at as many tokens.',
  equation: String.raw`\text{frames } \left\lfloor \frac{(i + \frac{1}{2})\, T}{k} \right\rfloor,\qquad i = 0 \ldots k - 1`,
  where:
    'T are the frames of the video and k so many as `retain` asks for: the frame in the middle of each of k equal ' +
    'parts.',
  places: ['see.frames'],
  options: z.object({
    retain: z.number().gt(0).max(1).default(0.25).describe('share of the frames of a video that are seen'),
  }),
  method: ({ retain }) => ({
    see: {
      frames: (video) => {
        const total = video.frames.length
        const wanted = countOf(total, retain)
        return pickFrames(
          video,
          Array.from({ length: wanted }, (_, at) => Math.floor(((at + 0.5) * total) / wanted)),
        )
      },
    },
  }),
})
