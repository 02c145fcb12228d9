import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RgbImage, resizeImage } from '../../../src/media/image.ts'
import { timestampsOf, type Video } from '../../../src/media/video.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { gridFor, thumbnail, tileable } from '../../../src/papers/partition/ts-llava/thumbnail.ts'
import { linspace } from '../../../src/papers/partition/ts-llava.ts'
import { compose, dense } from '../../../src/pipeline/method/compose.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { loadFamily, seen, VIDEO_FAMILIES, videoOf } from '../../pipeline/videos.ts'

const plain = (value: number, width = 12, height = 12): RgbImage => ({
  data: new Uint8Array(3 * width * height).fill(value),
  width,
  height,
})
const method = (text: string) => compose(parseMethod(text))

describe('which tokens and frames', () => {
  it('are those of the paper', () => {
    expect(linspace(50, 6)).toEqual([0, 10, 20, 29, 39, 49]) // 24.5 and 29.4: halves go to the even number
    const sampled = linspace(28_800, 2880)
    expect([sampled.length, ...sampled.slice(0, 3), sampled.at(-1)]).toEqual([2880, 0, 10, 20, 28_799])
    expect(new Set(sampled).size).toBe(2880)
    expect(sampled).toEqual(sampled.toSorted((a, b) => a - b))
  })

  it('are all where as many are asked for, and the first of one', () => {
    expect(linspace(7, 7)).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect([linspace(7, 1), linspace(7, 0)]).toEqual([[0], []])
    expect(linspace(6, 3)).toEqual([0, 2, 5]) // 2.5 -> 2
  })
})

describe('the thumbnail', () => {
  it('has more rows than columns', () => {
    expect([4, 6, 8, 9, 12].map((n) => Object.values(gridFor(n)))).toEqual([[2, 2], [3, 2], [4, 2], [3, 3], [4, 3]]) // biome-ignore format: a list
    expect([1, 2, 3, 4, 5, 6, 7, 11].map(tileable)).toEqual([1, 1, 1, 4, 4, 6, 6, 10])
  })

  it('shows frames of one colour as rectangles, in the order of time', () => {
    const { data } = thumbnail([10, 20, 30, 40, 50, 60].map((value) => plain(value)))
    const at = (row: number, column: number) => data[3 * (row * 12 + column)]
    expect([at(0, 0), at(0, 11), at(5, 0), at(5, 11), at(11, 0), at(11, 11)]).toEqual([10, 20, 30, 40, 50, 60])
    const rows = [0, 3, 4, 7, 8].map((row) => [at(row, 5), at(row, 6)])
    expect(rows).toEqual([[10, 20], [10, 20], [30, 40], [30, 40], [50, 60]]) // biome-ignore format: a picture
  })

  it('fills a picture whose sides its cells do not divide', () => {
    const { data } = thumbnail([1, 2, 3, 4, 5, 6].map((value) => plain(value, 11, 10)))
    expect([...data].every((value) => value > 0)).toBe(true)
  })

  it('takes means of areas', () => {
    const stripes = {
      ...plain(0),
      data: Uint8Array.from({ length: 3 * 144 }, (_, at) => (Math.floor(at / 3) % 2) * 200),
    }
    const cell = thumbnail(new Array<RgbImage>(6).fill(stripes))
    expect(new Set(cell.data)).toEqual(new Set([100]))
    expect(cell.data).toEqual(resizeImage(cell, 12, 12, 'box').data)
  })
})

describe('frames', () => {
  const video = (count: number): Video => ({
    frames: Array.from({ length: count }, (_, at) => plain(at)),
    framesPerSecond: 2,
  })
  const framesUnder = (text: string, count: number) => {
    const { frames, ...rest } = method(text).see!.frames!(video(count), { prompt: {} } as never)
    return { values: frames.map(({ data }) => data[0]), times: timestampsOf({ frames, ...rest }) }
  }

  it('are in the middle of equal parts, and the thumbnail is one more, behind or before them', () => {
    expect(framesUnder('ts-llava:frames=4,tiles=0', 10)).toEqual({ values: [1, 3, 5, 8], times: [0.5, 1.5, 2.5, 4] })
    expect(framesUnder('ts-llava:tiles=1', 3)).toEqual({ values: [0, 1, 2, 0], times: [0, 0.5, 1, 1.5] })
    expect(framesUnder('ts-llava:tiles=1,first=thumbnail', 3).times).toEqual([0, 0, 0.5, 1])
  })
})

describe.each(VIDEO_FAMILIES)('%s', (family) => {
  let model: Model
  beforeAll(async () => {
    model = await loadFamily(family)
  })
  afterAll(() => model.dispose())

  const rows = ({ embeds, width }: Awaited<ReturnType<typeof seen>>) =>
    Array.from({ length: embeds.length / width }, (_, row) => embeds.slice(row * width, (row + 1) * width))

  it('leaves rows of the frames as they are, and all of the thumbnail: S + P', async () => {
    const given = videoOf(model, [1, 2, 3, 4])
    const T = given.frames.length // 4, or 8 where two are encoded as one
    const tiled = new Array<RgbImage>(T / 4).fill(thumbnail(given.frames))
    const all = rows(await seen(model, { ...given, frames: [...given.frames, ...tiled] }))
    const P = Math.floor(all.length / 5)
    const chosen = linspace(4 * P, Math.round(0.3 * 4 * P))
    const left = rows(await seen(model, given, method(`ts-llava:tiles=${T},sampled=.3`)))
    expect(left).toEqual([...chosen.map((k) => all[k]), ...all.slice(4 * P)])
  })

  it('is the dense model where it keeps all and has no thumbnail', async () => {
    const ask = (by = dense) =>
      model.generate({
        prompt: 'what?',
        videos: [videoOf(model, [1, 2, 3])],
        method: by,
        maxTokens: 3,
        ignoreEos: true,
      })
    const [left, own] = [await ask(method('ts-llava:tiles=0,sampled=1')), await ask()]
    expect([left.text, left.tokens.visual.after]).toEqual([own.text, own.tokens.visual.after])
    const both = [method('ts-llava:tiles=0,sampled=1'), dense].map((by) => seen(model, videoOf(model, [1, 2, 3]), by))
    const [kept, all] = await Promise.all(both)
    expect(kept.embeds).toEqual(all.embeds)
  })

  it('moves nothing: what it samples are rows of the frames', async () => {
    const [sampled, all] = [
      rows(await seen(model, videoOf(model, [1, 1, 1]), method('ts-llava:tiles=0,sampled=.4'))),
      rows(await seen(model, videoOf(model, [1, 1, 1]))),
    ]
    const known = new Set(all.map(String))
    for (const row of sampled) expect(known.has(String(row))).toBe(true)
  })
})

it('refuses to leave nothing', () => {
  expect(() => parseMethod('ts-llava:tiles=0,sampled=0')).toThrow('option sampled: leaves nothing of a video')
})
