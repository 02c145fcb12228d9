/** Writers of small videos whose every frame is known. */
import {
  AudioSample,
  AudioSampleSource,
  BufferSource,
  BufferTarget,
  EncodedPacket,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  Input,
  MkvOutputFormat,
  MovOutputFormat,
  Mp4OutputFormat,
  Output,
  type Rotation,
  type VideoCodec,
  VideoSample,
  VideoSampleSource,
  WEBM,
  WebMOutputFormat,
} from 'mediabunny'
import '@napi-rs/webcodecs/polyfill'
import type { RgbImage } from '../../../src/media/image.ts'

const FORMATS = {
  mp4: () => new Mp4OutputFormat(),
  mov: () => new MovOutputFormat(),
  webm: () => new WebMOutputFormat(),
  mkv: () => new MkvOutputFormat(),
}

export interface Clip {
  readonly codec?: VideoCodec
  readonly container?: keyof typeof FORMATS
  /** The frames in order. */
  readonly frames: readonly RgbImage[]
  /** When each frame is shown, in seconds; ten a second if not given. */
  readonly timestamps?: readonly number[]
  /** How long the last frame is shown. */
  readonly lastSeconds?: number
  readonly rotation?: Rotation
  readonly matrix?: keyof typeof LUMA
  readonly fullRange?: boolean
  /** Seconds between frames that depend on no other. */
  readonly keyEvery?: number
}

/** Weights of red and blue. */
const LUMA = { bt709: [0.2126, 0.0722], smpte170m: [0.299, 0.114], 'bt2020-ncl': [0.2627, 0.0593] } as const

/** Full-colour planes halved: what a camera's file holds. */
export function planesOf({ data, width, height }: RgbImage, matrix: keyof typeof LUMA, fullRange: boolean) {
  const [kr, kb] = LUMA[matrix]
  const [base, luma, chroma] = fullRange ? [0, 255, 255] : [16, 219, 224]
  const out = new Uint8Array((width * height * 3) / 2)
  const rounded = new Uint8ClampedArray(out.buffer)
  const [columns, size] = [width / 2, width * height]
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [r, g, b] = [0, 1, 2].map((channel) => data[(y * width + x) * 3 + channel] / 255)
      const light = kr * r + (1 - kr - kb) * g + kb * b
      rounded[y * width + x] = base + luma * light
      const at = size + (y >> 1) * columns + (x >> 1)
      rounded[at] = 128 + (chroma * (b - light)) / (2 * (1 - kb))
      rounded[at + size / 4] = 128 + (chroma * (r - light)) / (2 * (1 - kr))
    }
  return out
}

/** Encodes a video; at a bitrate at which hardly anything is lost. */
export async function makeVideo(clip: Clip): Promise<Uint8Array> {
  const { codec = 'avc', container = 'mp4', frames, rotation = 0, matrix = 'bt709', fullRange = false } = clip
  const { timestamps = frames.map((_, index) => index / 10), lastSeconds = 0.1, keyEvery = 2 } = clip
  const output = new Output({ format: FORMATS[container](), target: new BufferTarget() })
  const source = new VideoSampleSource({ codec, bitrate: 8e6, keyFrameInterval: keyEvery })
  output.addVideoTrack(source, { rotation })
  await output.start()
  for (const [index, frame] of frames.entries()) {
    const { width, height } = frame
    const next = timestamps[index + 1] ?? timestamps[index] + lastSeconds
    const sample = new VideoSample(planesOf(frame, matrix, fullRange), {
      format: 'I420',
      codedWidth: width,
      codedHeight: height,
      timestamp: timestamps[index],
      duration: next - timestamps[index],
      // The DOM's types lack the matrix of BT.2020.
      colorSpace: { matrix, primaries: 'bt709', transfer: 'bt709', fullRange } as VideoColorSpaceInit,
    })
    await source.add(sample)
    sample.close()
  }
  await output.finalize()
  return new Uint8Array(output.target.buffer!)
}

/** A WebM whose every frame has a mask beside it. */
export async function makeMasked(): Promise<Uint8Array> {
  const bytes = await makeVideo({ codec: 'vp9', container: 'webm', frames: numbered(2) })
  const track = await new Input({ source: new BufferSource(bytes), formats: [WEBM] }).getPrimaryVideoTrack()
  const output = new Output({ format: new WebMOutputFormat(), target: new BufferTarget() })
  const source = new EncodedVideoPacketSource('vp9')
  output.addVideoTrack(source)
  await output.start()
  const decoderConfig = (await track!.getDecoderConfig())!
  for await (const { data, type, timestamp, duration } of new EncodedPacketSink(track!).packets())
    await source.add(new EncodedPacket(data, type, timestamp, duration, -1, data.length, { alpha: data }), {
      decoderConfig,
    })
  await output.finalize()
  return new Uint8Array(output.target.buffer!)
}

/** A file that holds sound alone. */
export async function makeSound(): Promise<Uint8Array> {
  const output = new Output({ format: new Mp4OutputFormat(), target: new BufferTarget() })
  const source = new AudioSampleSource({ codec: 'aac', bitrate: 64_000 })
  output.addAudioTrack(source)
  await output.start()
  const data = new Float32Array(48_000)
  await source.add(new AudioSample({ data, format: 'f32', numberOfChannels: 1, sampleRate: 48_000, timestamp: 0 }))
  await output.finalize()
  return new Uint8Array(output.target.buffer!)
}

type Colour = readonly [red: number, green: number, blue: number]

/** An image whose pixels are a function of their place. */
export function paint(width: number, height: number, colour: (x: number, y: number) => Colour): RgbImage {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(colour(x, y), (y * width + x) * 3)
  return { data, width, height }
}

/** Frames that tell their number by how light they are: frame k has the grey value 10 + 4 k. */
export const numbered = (count: number, width = 64, height = 48): RgbImage[] =>
  Array.from({ length: count }, (_, index) =>
    paint(width, height, () => [10 + 4 * index, 10 + 4 * index, 10 + 4 * index]),
  )

/** The number that a frame of `numbered` tells. */
export const numberOf = ({ data, width, height }: RgbImage): number =>
  Math.round((data[((height >> 1) * width + (width >> 1)) * 3] - 10) / 4)

/** The largest difference of two images of one size. */
export function furthest(a: RgbImage, b: RgbImage): number {
  if (a.width !== b.width || a.height !== b.height) return Number.POSITIVE_INFINITY
  return a.data.reduce((most, value, at) => Math.max(most, Math.abs(value - b.data[at])), 0)
}
