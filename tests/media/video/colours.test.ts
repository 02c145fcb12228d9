import { describe, expect, it } from 'vitest'
import { readVideo } from '../../../src/media/video/read-video.ts'
import { yuvToRgb } from '../../../src/media/video/yuv.ts'
import { COLOR_RGB } from '../../../src/world/index.ts'
import { type Clip, furthest, makeVideo, paint, planesOf } from './make-video.ts'

const COLOURS = [
  [255, 255, 255],
  [0, 0, 0],
  [128, 128, 128],
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [200, 60, 20],
  [30, 140, 220],
] as const

/** Solid colours, and a gradient over all columns. */
const frames = [
  ...COLOURS.map((colour) => paint(64, 48, () => colour)),
  paint(64, 48, (x, y) => [4 * (x >> 1) + 60, 5 * (y >> 1) + 60, 200 - 2 * (x >> 1)]),
]

const spaces = [
  { matrix: 'bt709', fullRange: false },
  { matrix: 'bt709', fullRange: true },
  { matrix: 'smpte170m', fullRange: false },
  { matrix: 'smpte170m', fullRange: true },
  { matrix: 'bt2020-ncl', fullRange: false },
] as const

/** What rounding of planes costs alone, and with a codec. */
const [ROUNDING, CODED] = [2, 6]

describe.each(spaces)('$matrix, full range $fullRange', (space) => {
  it.each(frames.map((frame, index) => [index, frame] as const))('planes of frame %i are its colours', (_, frame) => {
    const { width, height } = frame
    const data = planesOf(frame, space.matrix, space.fullRange)
    const plane = (start: number, stride: number) => ({ data, start, stride, step: 1 })
    const size = width * height
    const [y, u, v] = [plane(0, width), plane(size, width / 2), plane((size * 5) / 4, width / 2)]
    const image = yuvToRgb({ y, u, v, shiftX: 1, shiftY: 1, depth: 8, width, height }, space)
    expect(furthest(image, frame)).toBeLessThanOrEqual(ROUNDING)
  })

  const coded: Clip[] = [
    { codec: 'avc', container: 'mp4', frames, ...space },
    { codec: 'vp9', container: 'webm', frames, ...space },
    { codec: 'av1', container: 'mkv', frames, ...space },
  ]
  it.each(coded)('are read out of $codec in $container', async (clip) => {
    const video = await readVideo(await makeVideo({ ...clip, keyEvery: 0.1 }), { frames: frames.length })
    const errors = video.frames.map((frame, index) => furthest(frame, frames[index]))
    expect(Math.max(...errors)).toBeLessThanOrEqual(CODED)
  })
})

it('VP8 knows BT.601 alone', async () => {
  const clip = { codec: 'vp8', container: 'webm', frames, matrix: 'smpte170m', keyEvery: 0.1 } as const
  const video = await readVideo(await makeVideo(clip), { frames: frames.length })
  const errors = video.frames.map((frame, index) => furthest(frame, frames[index]))
  expect(Math.max(...errors)).toBeLessThanOrEqual(CODED)
})

it('of a file that does not say, the size decides', () => {
  const grey = (value: number, length: number) => ({
    data: new Uint8Array(length).fill(value),
    start: 0,
    stride: 0,
    step: 0,
  })
  const of = (height: number) =>
    yuvToRgb(
      { y: grey(100, 1), u: grey(90, 1), v: grey(200, 1), shiftX: 1, shiftY: 1, depth: 8, width: 2, height },
      {},
    ).data.slice(0, 3)
  const [small, large] = [of(480), of(720)]
  expect([...small]).toEqual([213, 54, 21])
  expect([...large]).toEqual([227, 68, 18])
})

it.each([10, 12] as const)('%i bits are cut to 8', (depth) => {
  const sample = (value: number) => ({ data: Uint16Array.of(value << (depth - 8)), start: 0, stride: 0, step: 0 })
  const frame = {
    y: sample(126),
    u: sample(128),
    v: sample(128),
    shiftX: 0,
    shiftY: 0,
    depth,
    width: 1,
    height: 1,
  } as const
  expect([...yuvToRgb(frame, { matrix: 'bt709' }).data]).toEqual([128, 128, 128])
})

it('the matrix rgb means planes of green, blue and red', () => {
  const sample = (value: number) => ({ data: Uint8Array.of(value), start: 0, stride: 0, step: 0 })
  const frame = {
    y: sample(1),
    u: sample(2),
    v: sample(3),
    shiftX: 0,
    shiftY: 0,
    depth: 8,
    width: 1,
    height: 1,
  } as const
  expect([...yuvToRgb(frame, { matrix: 'rgb', fullRange: true }).data]).toEqual([3, 1, 2])
})

it('halved planes that are called green, blue and red are read as those of a file that does not say', () => {
  const sample = (value: number) => ({ data: Uint8Array.of(value), start: 0, stride: 0, step: 0 })
  const planes = { y: sample(100), u: sample(90), v: sample(200), depth: 8, width: 2, height: 2 } as const
  const halved = yuvToRgb({ ...planes, shiftX: 1, shiftY: 1 }, { matrix: 'rgb', fullRange: true })
  expect([...halved.data.slice(0, 3)]).toEqual([213, 54, 21])
})

it('the clip of the examples has the colours that it was drawn in', async () => {
  const { frames: read } = await readVideo('examples/clip.mp4', { frames: 1, start: 3 })
  const { data, width } = read[0]
  const pixel = (x: number, y: number) => [...data.slice((y * width + x) * 3, (y * width + x) * 3 + 3)]
  const places = [
    [pixel(96, 50), COLOR_RGB.yellow],
    [pixel(36 + Math.round((120 * 36) / 47), 140), COLOR_RGB.red],
    [pixel(5, 5), [32, 40, 64]],
  ] as const
  for (const [found, wanted] of places)
    for (const [channel, value] of wanted.entries()) expect(Math.abs(found[channel] - value)).toBeLessThanOrEqual(6)
})
