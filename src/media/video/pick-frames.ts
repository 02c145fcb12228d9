import { roundHalfEven } from '../../tensor/round-half-even.ts'
import { timestampsOf, type Video } from '../video.ts'

/**
 * Some frames of a video, each shown when it was. The rate is that of the frames that are left: the mean one, where they do
 * not follow each other.
 * @param indices ascending, from 0
 */
export function pickFrames(video: Video, indices: readonly number[]): Video {
  const times = timestampsOf(video)
  const timestamps = indices.map((index) => times[index])
  const [first, last] = [indices[0], indices[indices.length - 1]]
  const isRun = last - first === indices.length - 1
  const rate = () => (indices.length - 1) / (timestamps[timestamps.length - 1] - timestamps[0])
  return {
    ...video,
    frames: indices.map((index) => video.frames[index]),
    framesPerSecond: isRun ? video.framesPerSecond : rate(),
    timestamps,
  }
}

/**
 * F of N frames (Video-ChatGPT, arXiv 2306.05424, and many after it), each from the middle of its share: floor((round(s i) + round(s (i + 1))) / 2), s = (N - 1) / F. Halves are
 * rounded to the even number.
 */
export function middles(total: number, count: number): number[] {
  const share = (total - 1) / count
  return Array.from({ length: count }, (_, at) =>
    Math.floor((roundHalfEven(share * at) + roundHalfEven(share * (at + 1))) / 2),
  )
}
