/** Frames that are coded in another order than shown, as those of most published videos, and coded without being shown. */
import {
  BufferSource,
  BufferTarget,
  EncodedPacket,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  Input,
  Mp4OutputFormat,
  Output,
  WEBM,
} from 'mediabunny'
import { expect, it } from 'vitest'
import '@napi-rs/webcodecs/polyfill'
import { readVideo } from '../../../src/media/video/read-video.ts'
import { makeVideo, numbered, numberOf, planesOf } from './make-video.ts'

const FRAMES = numbered(20, 128, 96)
const SPACE = { matrix: 'bt709', primaries: 'bt709', transfer: 'bt709', fullRange: false } as const

interface Coded {
  readonly chunks: EncodedVideoChunk[]
  readonly config: VideoDecoderConfig
}

async function encode(): Promise<Coded> {
  const chunks: EncodedVideoChunk[] = []
  let config: VideoDecoderConfig | undefined
  const output = (chunk: EncodedVideoChunk, metadata?: EncodedVideoChunkMetadata) => {
    chunks.push(chunk)
    config ??= metadata?.decoderConfig
  }
  const encoder = new VideoEncoder({ output, error: (error) => expect.fail(error.message) })
  encoder.configure({ codec: 'hvc1.1.6.L93.B0', width: 128, height: 96, bitrate: 4e6, framerate: 10 })
  for (const [index, frame] of FRAMES.entries()) {
    const init = {
      format: 'I420',
      codedWidth: 128,
      codedHeight: 96,
      timestamp: index * 1e5,
      colorSpace: SPACE,
    } as const
    const picture = new VideoFrame(planesOf(frame, 'bt709', false), init)
    encoder.encode(picture, { keyFrame: index === 0 })
    picture.close()
  }
  await encoder.flush()
  encoder.close()
  return { chunks, config: config! }
}

/** The numbers of the frames that the first chunks hold. */
async function numbersIn({ chunks, config }: Coded, count: number): Promise<number[]> {
  const found: Promise<number>[] = []
  const output = (frame: VideoFrame) => {
    const bytes = new Uint8Array(frame.allocationSize())
    found.push(frame.copyTo(bytes).then(() => Math.round((((bytes[0] - 16) * 255) / 219 - 10) / 4)))
  }
  const decoder = new VideoDecoder({ output, error: (error) => expect.fail(error.message) })
  decoder.configure(config)
  for (const chunk of chunks.slice(0, count)) decoder.decode(chunk)
  await decoder.flush()
  const numbers = await Promise.all(found)
  decoder.close()
  return numbers
}

/** Which frame each chunk holds: the encoder of Node labels them as if they came in the order in which they are shown. */
async function orderOf(coded: Coded): Promise<number[]> {
  const order: number[] = []
  for (let count = 1; count <= coded.chunks.length; count++)
    order.push((await numbersIn(coded, count)).find((number) => !order.includes(number))!)
  return order
}

async function write({ chunks, config }: Coded, order: readonly number[]): Promise<Uint8Array> {
  const output = new Output({ format: new Mp4OutputFormat(), target: new BufferTarget() })
  const source = new EncodedVideoPacketSource('hevc')
  output.addVideoTrack(source)
  await output.start()
  for (const [at, chunk] of chunks.entries()) {
    const data = new Uint8Array(chunk.byteLength)
    chunk.copyTo(data)
    const packet = new EncodedPacket(data, at === 0 ? 'key' : 'delta', order[at] / 10, 0.1, at)
    await source.add(packet, { decoderConfig: { ...config, colorSpace: SPACE } })
  }
  await output.finalize()
  return new Uint8Array(output.target.buffer!)
}

it('are found by the time at which they are shown', async () => {
  const coded = await encode()
  const order = await orderOf(coded)
  expect([...order].sort((a, b) => a - b)).toEqual(FRAMES.map((_, index) => index))
  expect(order).not.toEqual(FRAMES.map((_, index) => index))
  const bytes = await write(coded, order)
  const { frames, source } = await readVideo(bytes, { frames: 20 })
  expect(frames.map(numberOf)).toEqual(FRAMES.map((_, index) => index))
  expect(source).toMatchObject({ codec: 'hevc', frames: 20, framesPerSecond: 10 })
  for (const budget of [{ frames: 3 }, { frames: 7 }, { fps: 10, start: 1.1, end: 1.35 }]) {
    const some = await readVideo(bytes, budget)
    expect(some.frames.map(numberOf)).toEqual(some.source!.indices)
  }
})

it('are not counted where they are never shown', async () => {
  // Noise at the top, so that no two coded frames are alike.
  const pictures = numbered(24).map(({ data, width, height }, index) => {
    for (let at = 0; at < width * 16 * 3; at++) data[at] = (at * at * (index + 7) + 31 * at) % 256
    return { data, width, height }
  })
  const bytes = await makeVideo({ codec: 'vp8', container: 'webm', frames: pictures, keyEvery: 1 })
  const track = await new Input({ source: new BufferSource(bytes), formats: [WEBM] }).getPrimaryVideoTrack()
  const hidden = [3, 4, 9, 17]
  let at = 0
  for await (const { data } of new EncodedPacketSink(track!).packets())
    if (hidden.includes(at++)) bytes[Buffer.from(bytes).indexOf(data)] &= ~0x10
  const shown = numbered(24)
    .map((_, index) => index)
    .filter((index) => !hidden.includes(index))
  const { frames, timestamps, source } = await readVideo(bytes, { frames: 20 })
  expect(source!.frames).toBe(20)
  expect(frames.map(numberOf)).toEqual(shown)
  expect(timestamps!.map((time) => Math.round(time * 10))).toEqual(shown)
  expect((await readVideo(bytes, { frames: 5 })).frames.map(numberOf)).toEqual([0, 6, 11, 15, 20])
})
