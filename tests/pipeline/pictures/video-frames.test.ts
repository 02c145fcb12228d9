import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import type { RgbImage } from '../../../src/media/image.ts'
import { readImage } from '../../../src/media/read-image.ts'
import type { Video } from '../../../src/media/video.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { Model } from '../../../src/pipeline/model.ts'

const fixture = (name: string) => new URL(`../../fixtures/families/${name}`, import.meta.url).pathname

describe('a video', () => {
  let model: Model
  let frames: RgbImage[]
  let video: Video
  beforeAll(async () => {
    const folder = fixture('llava-onevision-video')
    model = await loadModel(folder, { threads: 1 })
    frames = await Promise.all(['image-0.png', 'image-1.png'].map((name) => readImage(join(folder, name))))
    video = { frames, framesPerSecond: 1 }
  })
  afterAll(() => model?.dispose())

  it('is encoded once for the same frames in the same order', async () => {
    expect((await model.encodeVideo(video)).cached).toBe(false)
    expect((await model.encodeVideo(video)).cached).toBe(true)
    expect((await model.encodeVideo({ ...video, frames: [...frames].reverse() })).cached).toBe(false)
  })

  it('stands where a raw prompt has it', async () => {
    const { imageToken, video: reader } = model.parts.architecture.prompt
    const [placed, after]: number[][] = [[], []]
    const ask = (prompt: string, onPrefill: (ids: readonly number[]) => void) =>
      model.generate({ prompt, images: [frames[0]], videos: [video], rawPrompt: true, maxTokens: 1, onPrefill })
    await ask('<video>then<image>', (ids) => placed.push(...ids))
    await ask('<image>then<video>', (ids) => after.push(...ids))
    expect([placed[0], placed.at(-1)]).toEqual([reader!.token, imageToken])
    expect([after[0], after.at(-1)]).toEqual([imageToken, reader!.token])
    expect(placed.filter((id) => id === reader!.token)).toHaveLength(2 * 9 + 1)
    expect(placed).toHaveLength(after.length)
  })

  it('can be spent with a method', async () => {
    const method = parseMethod('random:keep=.5')
    const { tokens } = await model.generate({ prompt: 'what?', videos: [video], method, maxTokens: 1 })
    expect(tokens.visual.before).toBe(2 * 9 + 1)
    expect(tokens.visual.after).toBeLessThanOrEqual(2 * 9 + 1)
  })

  it('needs a frame and a place in the prompt', async () => {
    await expect(model.encodeVideo({ ...video, frames: [] })).rejects.toMatchObject({ code: 'video_invalid' })
    const lost = model.generate({ prompt: 'what?', videos: [video], rawPrompt: true })
    await expect(lost).rejects.toMatchObject({
      code: 'image_count',
      message: 'the prompt has places for 0 videos, 1 were given',
    })
  })
})

it('is refused by a family that takes images only', async () => {
  const folder = fixture('paligemma')
  const model = await loadModel(folder, { threads: 1 })
  const frame = await readImage(join(folder, 'image-0.png'))
  await expect(
    model.generate({ prompt: 'what?', videos: [{ frames: [frame], framesPerSecond: 1 }] }),
  ).rejects.toMatchObject({
    code: 'video_unsupported',
  })
  await model.dispose()
})
