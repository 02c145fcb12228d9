/**
 * Writes the clip that examples and tests ask about: `npx tsx tools/make-clip.ts [FILE]`. A red circle goes from left to
 * right; half-way a yellow star appears above it, and stays.
 */
import { writeFile } from 'node:fs/promises'
import { BufferTarget, Mp4OutputFormat, Output, VideoSample, VideoSampleSource } from 'mediabunny'
import '@napi-rs/webcodecs/polyfill'
import type { RgbImage } from '../src/media/image.ts'
import { COLOR_RGB, type Color, DEFAULT_SIZE, type Scene, type SceneObject, type Shape } from '../src/world/index.ts'
import { renderPixels } from '../src/world/node-canvas.ts'
import { planesOf } from '../tests/media/video/make-video.ts'
import { isEntry } from './entry.ts'

const SECONDS = 4
const FRAMES_PER_SECOND = 12
const BITRATE = 150_000

function object(shape: Shape, color: Color, x: number, y: number): SceneObject {
  return { shape, color, size: 'large', fill: 'solid', x, y, radius: 30, rotation: 0, rgb: COLOR_RGB[color] }
}

/** What is to be seen at a time from 0 to 1. */
function sceneAt(time: number): Scene {
  const x = 36 + time * (DEFAULT_SIZE - 72)
  const objects = [object('circle', 'red', x, 140), ...(time < 0.5 ? [] : [object('star', 'yellow', 96, 50)])]
  const background = { style: 'plain', from: [32, 40, 64], to: [32, 40, 64], angle: 0, pitch: 1 } as const
  return { kind: 'objects', size: DEFAULT_SIZE, seed: 1, noise: 0, background, objects, words: [], heldOut: false }
}

function pictureAt(time: number): RgbImage {
  const rgba = renderPixels(sceneAt(time))
  const data = new Uint8Array((rgba.length / 4) * 3)
  for (let pixel = 0; pixel < rgba.length / 4; pixel++)
    for (let channel = 0; channel < 3; channel++) data[pixel * 3 + channel] = rgba[pixel * 4 + channel]
  return { data, width: DEFAULT_SIZE, height: DEFAULT_SIZE }
}

/** The clip as MP4 with H.264. */
export async function makeClip(): Promise<Uint8Array> {
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: 'in-memory' }), target: new BufferTarget() })
  const source = new VideoSampleSource({ codec: 'avc', bitrate: BITRATE, keyFrameInterval: 2 })
  output.addVideoTrack(source, { frameRate: FRAMES_PER_SECOND })
  await output.start()
  const frames = SECONDS * FRAMES_PER_SECOND
  for (let index = 0; index < frames; index++) {
    // Planes of our own: the encoder of Node would name pixels of a canvas by another colour space than it writes.
    const planes = planesOf(pictureAt(index / (frames - 1)), 'bt709', false)
    const size = { codedWidth: DEFAULT_SIZE, codedHeight: DEFAULT_SIZE }
    const time = { timestamp: index / FRAMES_PER_SECOND, duration: 1 / FRAMES_PER_SECOND }
    const colorSpace = { matrix: 'bt709', primaries: 'bt709', transfer: 'bt709', fullRange: false } as const
    const sample = new VideoSample(planes, { format: 'I420', ...size, ...time, colorSpace })
    await source.add(sample)
    sample.close()
  }
  await output.finalize()
  return new Uint8Array(output.target.buffer!)
}

if (isEntry(import.meta.url)) await writeFile(process.argv[2] ?? 'examples/clip.mp4', await makeClip())
