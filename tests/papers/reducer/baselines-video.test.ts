import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { timestampsOf, type Video } from '../../../src/media/video.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { lastChunks } from '../../../src/papers/reducer/last-frames.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { picture } from '../../pipeline/tiny-model.ts'
import { loadFamily, seen, VIDEO_FAMILIES, videoOf } from '../../pipeline/videos.ts'

const clip = (frames: number, framesPerSecond = 1): Video => ({
  frames: Array.from({ length: frames }, (_, at) => picture(at, 8, 8)),
  framesPerSecond,
})

describe('the last frames', () => {
  it('are those up to the question, fewer where there are fewer', () => {
    expect(lastChunks(clip(8), 4, 0, 7)).toEqual([4, 5, 6, 7])
    expect(lastChunks(clip(8), 4, 0, 2)).toEqual([0, 1, 2])
    expect(lastChunks(clip(9), 4, 0, 7)).toEqual([4, 5, 6, 7])
  })

  it('are counted in chunks, of which one may hold several; a frame at a second begins the next', () => {
    expect(lastChunks(clip(8, 2), 2, 1, 1e9)).toEqual([4, 5, 6, 7])
    expect(lastChunks(clip(3, 1), 1, 2, 1e9)).toEqual([2])
  })
})

describe.each(VIDEO_FAMILIES)('%s', (family) => {
  let model: Model
  beforeAll(async () => {
    model = await loadFamily(family)
  })
  afterAll(() => model.dispose())

  it('sees the end of a video as it would see that end alone', async () => {
    const [whole, end] = [videoOf(model, [1, 2, 3, 4]), videoOf(model, [3, 4])]
    const method = parseMethod(`last-frames:frames=${end.frames.length}`)
    expect((await seen(model, whole, method)).embeds).toEqual((await seen(model, end)).embeds)
    const reply = await model.generate({ prompt: 'what?', videos: [whole], method, maxTokens: 2 })
    expect(reply.videos[0]).toMatchObject({ frames: end.frames.length, of: whole.frames.length })
    expect(reply.videos[0].timestamps).toEqual(timestampsOf(whole).slice(-end.frames.length))
  })

  it('sees a short video whole, and an image', async () => {
    const video = videoOf(model, [1, 2])
    const method = parseMethod('last-frames:frames=100')
    expect((await seen(model, video, method)).embeds).toEqual((await seen(model, video)).embeds)
    const image = picture(1, 56, 56)
    expect((await model.encode(image, method)).views[0].embeds).toEqual((await model.encode(image)).views[0].embeds)
  })

  it('sees frames spread evenly', async () => {
    const video = videoOf(model, [1, 2, 3, 4, 5, 6, 7, 8])
    const reply = await model.generate({
      prompt: 'what?',
      videos: [video],
      method: parseMethod('uniform-frames:retain=.25'),
      maxTokens: 1,
    })
    expect(reply.videos[0].frames).toBe(video.frames.length / 4)
  })
})
