import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openVideo, readVideo } from '../../../src/media/video/read-video.ts'
import { furthest, makeVideo, numbered, numberOf, paint } from './make-video.ts'

const folder = mkdtempSync(join(tmpdir(), 'fovea-video-'))
const clip = join(folder, 'clip.bin')
beforeAll(async () => writeFile(clip, await makeVideo({ frames: numbered(40) })))
afterAll(() => rmSync(folder, { recursive: true }))

describe('a video', () => {
  it('is known before a frame of it is decoded', async () => {
    const { facts, timestamps, close } = await openVideo(clip)
    expect(facts).toEqual({ codec: 'avc', width: 64, height: 48, frames: 40, framesPerSecond: 10, seconds: 4 })
    expect(timestamps).toHaveLength(40)
    expect(close).toBeTypeOf('function')
  })

  it('gives the frames that were asked for, and says which', async () => {
    const video = await readVideo(clip, { frames: 5 })
    expect(video.frames.map(numberOf)).toEqual([0, 8, 16, 24, 32])
    expect(video.timestamps!.map((time) => time.toFixed(3))).toEqual(['0.000', '0.800', '1.600', '2.400', '3.200'])
    expect(video.framesPerSecond).toBeCloseTo(1.25)
    expect(video.source).toMatchObject({ name: clip, frames: 40, seconds: 4, indices: [0, 8, 16, 24, 32] })
  })

  it.each([
    ['vp8', 'webm'],
    ['vp9', 'webm'],
    ['av1', 'mkv'],
    ['avc', 'mov'],
    ['avc', 'mkv'],
  ] as const)('may be %s in %s', async (codec, container) => {
    const bytes = await makeVideo({ codec, container, frames: numbered(12) })
    const { frames, source } = await readVideo(bytes, { frames: 4 })
    expect(frames.map(numberOf)).toEqual([0, 3, 6, 9])
    expect(source).toMatchObject({ codec, frames: 12, framesPerSecond: 10, name: 'the video' })
  })

  it('is by rate, from a time to another', async () => {
    const { frames, timestamps } = await readVideo(clip, { fps: 2, start: 1, end: 3 })
    expect(frames.map(numberOf)).toEqual([10, 15, 20, 25])
    expect(timestamps![0]).toBeCloseTo(1)
    expect((await readVideo(clip, { fps: 10, maxFrames: 3, start: 3.55 })).frames.map(numberOf)).toEqual([35, 36, 38])
  })

  it('starts with the frame that is on the screen then', async () => {
    const times = [0, 5, 5.1, 9]
    const bytes = await makeVideo({ frames: numbered(4), timestamps: times, lastSeconds: 3 })
    expect((await readVideo(bytes, { start: 3, end: 4 })).frames.map(numberOf)).toEqual([0])
    expect((await readVideo(bytes, { start: 5.05 })).frames.map(numberOf)).toEqual([1, 2, 3])
  })

  it('may have frames at any times', async () => {
    const timestamps = [0, 0.1, 0.4, 0.5, 1.5, 1.6, 3, 3.1, 3.2, 3.3]
    const { source, ...video } = await readVideo(
      await makeVideo({ frames: numbered(10), timestamps, lastSeconds: 0.7 }),
    )
    expect(video.frames.map(numberOf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(video.timestamps!.map((time) => Math.round(time * 10) / 10)).toEqual(timestamps)
    expect(source).toMatchObject({ frames: 10, seconds: expect.closeTo(4, 1) })
  })

  it('may be one frame that lasts for hours', async () => {
    const { frames, source } = await readVideo(await makeVideo({ frames: numbered(1), lastSeconds: 7200 }))
    expect(frames).toHaveLength(1)
    expect(source!.seconds).toBeCloseTo(7200)
  })

  it.each([0, 90, 180, 270] as const)('is turned by %i degrees as its file says', async (rotation) => {
    const corner = paint(64, 48, (x, y) => (x < 32 && y < 24 ? [255, 0, 0] : [0, 0, 255]))
    const { frames, source } = await readVideo(await makeVideo({ frames: [corner], rotation }))
    const turned = rotation % 180 !== 0
    const [width, height] = turned ? [48, 64] : [64, 48]
    expect(source).toMatchObject({ width, height })
    const [right, bottom] = [rotation === 90 || rotation === 180, rotation === 180 || rotation === 270]
    const wanted = paint(width, height, (x, y) =>
      x < width / 2 !== right && y < height / 2 !== bottom ? [255, 0, 0] : [0, 0, 255],
    )
    expect(furthest(frames[0], wanted)).toBeLessThan(40)
  })

  it('is made smaller where that was asked for', async () => {
    const { frames, source } = await readVideo(clip, { frames: 1, frameSide: 32 })
    expect(frames[0]).toMatchObject({ width: 32, height: 24 })
    expect(source).toMatchObject({ width: 64, height: 48 })
  })

  it('tells how far it is, and can be stopped', async () => {
    const told: number[] = []
    const ending = new AbortController()
    const onProgress = (done: number, total: number) => {
      told.push(done, total)
      if (done === 3) ending.abort(new Error('enough'))
    }
    await expect(readVideo(clip, { frames: 20, onProgress, signal: ending.signal })).rejects.toThrow('enough')
    expect(told).toEqual([1, 20, 2, 20, 3, 20])
    await expect(openVideo(clip, { signal: ending.signal })).rejects.toThrow('enough')
  })

  it('is read to its end by a process that does nothing else', async () => {
    const large = join(folder, 'large.mp4')
    await writeFile(large, await makeVideo({ frames: numbered(50, 640, 480), keyEvery: 5 }))
    const script = `import { readVideo } from './src/index.ts'
      const { frames } = await readVideo(process.argv[1], { frames: 25 })
      console.log(frames.length)`
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script, large]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    expect(stdout).toBe('25\n')
  })

  it('is read from a Blob', async () => {
    const { frames } = await readVideo(new Blob([Buffer.from(await makeVideo({ frames: numbered(3) }))]))
    expect(frames.map(numberOf)).toEqual([0, 1, 2])
  })
})

describe('an animated image', () => {
  const raw = { width: 20, height: 16, channels: 3 as const }
  const pages = () => numbered(6, 20, 16).map(({ data }) => data)
  const strip = () => sharp(Buffer.concat(pages()), { raw: { ...raw, height: 16 * 6, pageHeight: 16 } as typeof raw })

  it.each(['gif', 'webp'] as const)('in %s has the times of its file', async (format) => {
    const delay = [200, 100, 40, 100, 100, 100]
    const bytes = await strip()
      .toFormat(format, { delay, lossless: true, keepDuplicateFrames: true } as object)
      .toBuffer()
    const video = await readVideo(bytes, { frames: 3 })
    expect(video.frames.map(numberOf)).toEqual([0, 2, 4])
    expect(video.timestamps!.map((time) => time.toFixed(2))).toEqual(['0.00', '0.30', '0.44'])
    expect(video.source).toMatchObject({ codec: format, frames: 6, width: 20, height: 16 })
  })
})

describe('transparent frames', () => {
  const clear = Buffer.from([255, 0, 0, 0, 255, 0, 0, 0])
  const frame = () => sharp(clear, { raw: { width: 2, height: 1, channels: 4 } })

  it('are on white, unless the reference is asked for', async () => {
    const bytes = await frame().webp({ lossless: true, exact: true }).toBuffer()
    const path = join(folder, 'clear.png')
    await frame().png().toFile(path)
    for (const input of [bytes, [path]]) {
      const colours = async (options: object) => [...(await readVideo(input, options)).frames[0].data.subarray(0, 3)]
      expect(await colours({})).toEqual([255, 255, 255])
      expect(await colours({ pixels: 'reference' })).toEqual([255, 0, 0])
    }
  })
})

describe('images', () => {
  it('in a folder are frames in the order of their numbers', async () => {
    const images = mkdtempSync(join(folder, 'frames-'))
    for (const [index, { data, width, height }] of numbered(12, 20, 16).entries())
      await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toFile(join(images, `frame-${index}.png`))
    await writeFile(join(images, '.hidden'), 'no image')
    const video = await readVideo(images, { frames: 4, imagesPerSecond: 2 })
    expect(video.frames.map(numberOf)).toEqual([0, 3, 6, 9])
    expect(video.timestamps).toEqual([0, 1.5, 3, 4.5])
    const two = await readVideo([join(images, 'frame-11.png'), join(images, 'frame-2.png')])
    expect(two.frames.map(numberOf)).toEqual([11, 2])
    await sharp({ create: { width: 4, height: 4, channels: 3, background: '#000' } })
      .png()
      .toFile(join(images, 'frame-12.png'))
    await expect(readVideo(images)).rejects.toMatchObject({ code: 'video_invalid' })
    await writeFile(join(images, 'a-note.txt'), 'text')
    await expect(readVideo(images)).rejects.toThrow('a-note.txt: not an image')
  })
})
