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
