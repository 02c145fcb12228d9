import { timestampsOf, type Video } from '../../media/video.ts'

/** Which frames of a video a model saw. */
export interface SeenVideo {
  /** Of the file, where it was read from one. */
  readonly name?: string
  /** Frames that were seen. */
  readonly frames: number
  /** Frames that the video has. */
  readonly of: number
  /** Of the frames that were seen. */
  readonly framesPerSecond: number
  /** When each of them is shown, in seconds from the start of the video. */
  readonly timestamps: readonly number[]
  /** What is wrong with the file and did not keep it from being read. */
  readonly note?: string
}

export function seenVideo(video: Video): SeenVideo {
  const { frames, framesPerSecond, source } = video
  return {
    ...(source && { name: source.name }),
    frames: frames.length,
    of: source?.frames ?? frames.length,
    framesPerSecond,
    timestamps: timestampsOf(video),
    ...(source?.note !== undefined && { note: source.note }),
  }
}
