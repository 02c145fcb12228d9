import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { FoveaError } from '../../src/errors.ts'
import { openVideo, readVideo } from '../../src/media/video/read-video.ts'
import { makeVideo, numbered } from '../media/video/make-video.ts'
import { DAMAGED_VIDEOS, HOSTILE_VIDEOS } from './hostile-videos.ts'

const folder = mkdtempSync(join(tmpdir(), 'fovea-videos-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What must never reach a user: pointers, stack lines, names of the decoding libraries. */
const INTERNALS = /\b0x[0-9a-f]{4}|\bat \w+ \(|ffmpeg|mediabunny|GenericFailure|codec closed|\n/i

test.each(HOSTILE_VIDEOS.map((video, at) => ({ ...video, at })))('$name is refused with $code', async (hostile) => {
  const { code, write, at } = hostile
  const bytes = await write()
  const error = await readVideo(bytes, { fps: 10 }).catch((reason) => reason)
  expect(error).toMatchObject({ name: 'FoveaError', kind: 'input', code })
  expect(error.message).not.toMatch(INTERNALS)
  if (at % 4) return
  const path = join(folder, 'clip.mp4')
  await writeFile(path, bytes)
  await expect(readVideo(path, { fps: 10 })).rejects.toMatchObject({ code, message: expect.stringContaining(path) })
})

test.each(DAMAGED_VIDEOS)('$name is read as far as it goes, and says so', async ({ write }) => {
  const bytes = await write()
  const { frames, source, timestamps } = await readVideo(bytes, { fps: 10 })
  const { frames: count, indices, note, seconds } = source!
  expect(note).toMatch(
    /\d+ of its \d+ frames can be decoded; the rest is cut off|long by its header, but its frames end/,
  )
  expect(count).toBeGreaterThan(0)
  expect(indices.every((index) => index < count)).toBe(true)
  expect([frames.length, timestamps!.at(-1)! < seconds]).toEqual([indices.length, true])
  // As many as are asked for, of those that there are.
  const few = await readVideo(bytes, { frames: 2 })
  expect(few.source!.indices.every((index) => index < few.source!.frames)).toBe(true)
})

test('reading is ended by a signal', async () => {
  const bytes = await HOSTILE_VIDEOS.find(({ name }) => name === 'four billion frames')!.write()
  const stop = new AbortController()
  const reading = readVideo(bytes, { signal: stop.signal })
  stop.abort(new Error('enough'))
  await expect(reading).rejects.toThrow('enough')
})

test('the name of a file means nothing', async () => {
  const path = join(folder, 'clip.txt')
  await writeFile(path, await makeVideo({ codec: 'vp8', container: 'webm', frames: numbered(3) }))
  expect((await readVideo(path)).frames).toHaveLength(3)
})

test('no frame is decoded of a video that would not fit', async () => {
  const bytes = await makeVideo({ frames: numbered(8) })
  const error = await readVideo(bytes, { maxBytes: 8 * 64 * 48 * 3 - 1 }).catch((reason) => reason)
  expect(error).toMatchObject({ code: 'video_memory', kind: 'resource' })
  await expect(readVideo(bytes, { maxPixels: 64 * 48 - 1 })).rejects.toMatchObject({ code: 'video_too_large' })
  expect((await readVideo(bytes, { maxBytes: 8 * 64 * 48 * 3 })).frames).toHaveLength(8)
})

test.each([
  [{ frames: 0 }, 'frames of a video must be a whole number from 1, got 0'],
  [{ frames: 1.5 }, 'frames of a video must be a whole number from 1, got 1.5'],
  [{ fps: Number.NaN }, 'fps of a video must be a number above 0, got NaN'],
  [{ start: -1 }, 'start of a video must be seconds from 0, got -1'],
  [{ start: 2, end: 1 }, 'end of a video must be later than its start (2 s), got 1'],
  [{ frames: 2, fps: 1 }, 'frames and fps of a video exclude each other'],
  [{ frames: 2, maxFrames: 4 }, 'frames and maxFrames of a video exclude each other'],
])('options %o are refused', async (options, message) => {
  const bytes = await makeVideo({ frames: numbered(2) })
  const error = await readVideo(bytes, options).catch((reason) => reason)
  expect(error).toMatchObject({ kind: 'usage', code: 'video_options' })
  expect(error.message).toContain(message)
})

test('a start behind the end is refused, and what is no file', async () => {
  const bytes = await makeVideo({ frames: numbered(2) })
  await expect(readVideo(bytes, { start: 9 })).rejects.toMatchObject({ code: 'video_frames' })
  await expect(readVideo(join(folder, 'none.mp4'))).rejects.toMatchObject({ code: 'file_missing' })
  await expect(readVideo('https://example.com/clip.mp4')).rejects.toMatchObject({ code: 'url_unsupported' })
  await expect(readVideo([])).rejects.toMatchObject({ code: 'video_empty' })
})

test('60 damaged copies of a video: each is read or refused in one clean line', async () => {
  const whole = await makeVideo({ frames: numbered(10), keyEvery: 0.3 })
  for (let seed = 1; seed <= 60; seed++) {
    const bytes = whole.slice()
    for (let i = 0; i < 5; i++) bytes[(seed * 7919 + i * 104729) % bytes.length] = (seed * 31 + i * 17) & 255
    const result = await readVideo(bytes, { maxFrames: 10, maxPixels: 1e6 }).catch((reason) => reason)
    if (result instanceof Error)
      expect([result instanceof FoveaError, INTERNALS.test(result.message)]).toEqual([true, false])
    else expect(result.frames.length).toBeGreaterThan(0)
  }
})

test('an opened video can be closed', async () => {
  const source = await openVideo(await makeVideo({ frames: numbered(2) }))
  source.close()
  await expect(source.read([0]).next()).rejects.toMatchObject({ name: 'FoveaError' })
})
