/** When the frames of a track are shown, from its container alone. */
import { type EncodedPacket, EncodedPacketSink, type InputVideoTrack } from 'mediabunny'
import { type VideoFacts, videoError } from './frame-source.ts'
import { isShown } from './vp8-decoder.ts'

/** Two days at 30 frames per second; a container of a few bytes can state more than any machine can list. */
const MAX_FRAMES = 5_000_000
/** Between pauses in which others, and a signal, have their turn. */
const PACKETS_AT_ONCE = 4096

/** In seconds as the file counts them; the first may be other than 0. */
export interface FrameTimes {
  /** When each frame begins, in the order in which they are shown. */
  readonly begins: readonly number[]
  /** When the last frame ends. */
  readonly end: number
}

/** Throws FoveaError `video_empty`, `video_too_long`. */
export async function frameTimes(track: InputVideoTrack, name: string, signal?: AbortSignal): Promise<FrameTimes> {
  const begins: number[] = []
  let end = Number.NEGATIVE_INFINITY
  const hasHidden = (await track.getCodec()) === 'vp8'
  // A frame takes a byte at least.
  const most = Math.min(MAX_FRAMES, (await track.input.source.getSizeOrNull()) ?? MAX_FRAMES)
  for await (const { timestamp, duration, data } of packetsOf(track, hasHidden, signal)) {
    if (hasHidden && !isShown(data)) continue
    // What ends before 0 is there for others to be decoded.
    if (timestamp < 0 && timestamp + duration <= 0) continue
    if (begins.push(timestamp) > most)
      throw videoError('video_too_long', name, `it states more than ${most} frames, which is the limit for its size`)
    end = Math.max(end, timestamp + duration)
  }
  if (begins.length === 0) throw videoError('video_empty', name, 'its video track holds no frames')
  return { begins: begins.sort((a, b) => a - b), end }
}

/** All packets, one by one, without their data unless it is asked for: the queue of `EncodedPacketSink.packets` slows down where they are many. */
async function* packetsOf(
  track: InputVideoTrack,
  withData: boolean,
  signal?: AbortSignal,
): AsyncGenerator<EncodedPacket> {
  const sink = new EncodedPacketSink(track)
  const options = { metadataOnly: !withData }
  let count = 0
  for (let packet = await sink.getFirstPacket(options); packet; packet = await sink.getNextPacket(packet, options)) {
    if (++count % PACKETS_AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve))
    signal?.throwIfAborted()
    yield packet
  }
}

/** Counts of a track; its rate is the one that the timestamps were rounded from, or the average of one that varies. */
export async function frameRate(
  track: InputVideoTrack,
  { begins, end }: FrameTimes,
): Promise<Pick<VideoFacts, 'frames' | 'framesPerSecond' | 'seconds'>> {
  const seconds = end - begins[0]
  const frames = begins.length
  if (frames === 1) return { frames, framesPerSecond: seconds > 0 ? 1 / seconds : 1, seconds }
  const { underlyingFrameRate, frameRateIsConstant } = await track.computeFrameRateMetrics()
  const step = (begins[frames - 1] - begins[0]) / (frames - 1)
  const average = step > 0 ? 1 / step : 1
  // The metrics look at the first frames only; the average tells whether the rest goes on like them.
  const isSteady = frameRateIsConstant && underlyingFrameRate && Math.abs(underlyingFrameRate / average - 1) < 0.001
  return { frames, framesPerSecond: isSteady ? underlyingFrameRate : average, seconds }
}
