/**
 * Videos in containers (MP4, MOV, WebM, Matroska, MPEG-TS): which frames there are is read from the container alone, and
 * only what is asked for is decoded, with the frames that it depends on. Needs WebCodecs: of the browser, or in Node after
 * an import of @napi-rs/webcodecs/polyfill.
 */
import {
  ADTS,
  FLAC,
  Input,
  type InputVideoTrack,
  Logging,
  LogLevel,
  MATROSKA,
  MP3,
  MP4,
  MPEG_TS,
  OGG,
  QTFF,
  type Source,
  UnsupportedInputFormatError,
  VideoSampleSink,
  WAVE,
  WEBM,
} from 'mediabunny'
import { FoveaError } from '../../errors.ts'
import type { RgbImage } from '../image.ts'
import { framePixels } from './frame-pixels.ts'
import { assertFrameSize, type FrameSource, type VideoFacts, type VideoLimits, videoError } from './frame-source.ts'
import { frameRate, frameTimes } from './frame-times.ts'

/** Sound is among them so that a file without pictures is called that. Playlists are not: they name other files. */
export const FORMATS = [MP4, QTFF, WEBM, MATROSKA, MPEG_TS, MP3, WAVE, OGG, ADTS, FLAC]

// What is wrong with a file is said in errors.
Logging.level = LogLevel.Silent

export interface OpenOptions extends VideoLimits {
  readonly signal?: AbortSignal
}

/**
 * Opens a video and finds all its frames; none is decoded.
 * @param name for messages
 * @throws FoveaError kind `input`: `video_unreadable`, `video_no_picture`, `video_codec`, `video_too_large`,
 *   `video_empty`, `video_too_long`
 */
export async function openContainer(source: Source, name: string, options: OpenOptions = {}): Promise<FrameSource> {
  const input = new Input({ source, formats: FORMATS })
  try {
    const { track, times, ...facts } = await examine(input, name, options)
    await assertDecodable(track, name)
    return new ContainerFrames(name, await cutOff(input), input, track, facts, times, options)
  } catch (error) {
    input.dispose()
    throw explained(error, name, options.signal)
  }
}

/** All that a container says; nothing is decoded, nor looked for what could. Throws what `explained` makes sense of. */
export async function examine(input: Input, name: string, options: OpenOptions) {
  const track = await pictureTrack(input, name)
  const facts = await describe(track, name, options)
  const times = await frameTimes(track, name, options.signal)
  return { track, times: times.begins, ...facts, ...(await frameRate(track, times)) }
}

async function pictureTrack(input: Input, name: string): Promise<InputVideoTrack> {
  const track = await input.getPrimaryVideoTrack()
  if (track) return track
  const sound = (await input.getAudioTracks()).length > 0
  throw videoError('video_no_picture', name, sound ? 'it holds sound, but no pictures' : 'it holds no video')
}

async function describe(track: InputVideoTrack, name: string, limits: VideoLimits) {
  const [codec, width, height, rotation] = await Promise.all([
    track.getCodec(),
    track.getCodedWidth(),
    track.getCodedHeight(),
    track.getRotation(),
  ])
  assertFrameSize(name, { width, height }, limits)
  if (!codec) throw await codecError(track, name)
  return rotation % 180 === 0 ? { codec, width, height } : { codec, width: height, height: width }
}

async function codecError(track: InputVideoTrack, name: string): Promise<FoveaError> {
  const found = (await track.getCodec()) ?? (await track.getInternalCodecId()) ?? 'an unknown codec'
  const problem = `its video is coded as ${found}, which cannot be decoded here; convert it to H.264`
  return videoError('video_codec', name, problem)
}

async function assertDecodable(track: InputVideoTrack, name: string): Promise<void> {
  if (!(await track.canDecode())) throw await codecError(track, name)
  if (typeof Worker !== 'undefined' || !(await track.canBeTransparent())) return
  const problem = 'it is see-through in places, which cannot be decoded here; convert it to H.264'
  throw videoError('video_codec', name, problem)
}

/** Of a file that was cut off, Matroska still says at its start how long it once was. */
async function cutOff(input: Input): Promise<string | undefined> {
  const said = await input.getDurationFromMetadata()
  if (said === null) return undefined
  const found = await input.computeDuration(undefined, { metadataOnly: true })
  if (said - found <= Math.max(1, said / 10)) return undefined
  return `${said.toFixed(1)} s long by its header, but its frames end at ${found.toFixed(1)} s`
}

class ContainerFrames implements FrameSource {
  readonly timestamps: readonly number[]

  constructor(
    readonly name: string,
    readonly note: string | undefined,
    private readonly input: Input,
    private readonly track: InputVideoTrack,
    readonly facts: VideoFacts,
    /** As the file has them; the first may be other than 0. */
    private readonly times: readonly number[],
    private readonly limits: VideoLimits,
  ) {
    this.timestamps = times.map((time) => time - times[0])
  }

  async *read(indices: readonly number[], signal?: AbortSignal): AsyncGenerator<RgbImage> {
    const { name, track, times, limits } = this
    let at = 0
    // The decoder of Node works in threads that do not keep the process alive.
    const alive = setInterval(() => {}, 60_000)
    try {
      for await (const sample of new VideoSampleSink(track).samplesAtTimestamps(indices.map((index) => times[index]))) {
        signal?.throwIfAborted()
        if (!sample) throw damaged(name, this.timestamps[indices[at]])
        try {
          assertFrameSize(name, sample.visibleRect, limits)
          yield await framePixels(sample)
        } finally {
          sample.close()
        }
        at++
      }
    } catch (error) {
      if (error instanceof FoveaError || signal?.aborted) throw explained(error, name, signal)
      throw damaged(name, this.timestamps[indices[at]], error)
    } finally {
      clearInterval(alive)
    }
  }

  close(): void {
    this.input.dispose()
  }
}

const damaged = (name: string, seconds: number, cause?: unknown): FoveaError =>
  videoError(
    'video_damaged',
    name,
    `it cannot be decoded from ${seconds.toFixed(2)} s on: the file is cut off or damaged`,
    cause,
  )

/** What a container's reader throws on damaged files has no message for users. */
export function explained(error: unknown, name: string, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason
  if (error instanceof FoveaError) return error
  const isUnknown = error instanceof UnsupportedInputFormatError
  const problem = isUnknown ? 'this is no video in a form that can be read (MP4, MOV, WebM, MKV, TS)' : 'it is damaged'
  return videoError(isUnknown ? 'unsupported_media' : 'video_unreadable', name, problem, error)
}
