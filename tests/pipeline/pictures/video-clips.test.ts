import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import type { RgbImage } from '../../../src/media/image.ts'
import { readImage } from '../../../src/media/read-image.ts'
import type { Video } from '../../../src/media/video.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { Model } from '../../../src/pipeline/model.ts'

const families = new URL('../../fixtures/families/', import.meta.url).pathname
const folder = join(families, 'qwen2.5-vl')
const prompt = 'what color is the star?'

let model: Model
let image: RgbImage
let video: Video
beforeAll(async () => {
  model = await loadModel(folder, { threads: 1 })
  image = await readImage(join(folder, 'image-1.png'))
  const frames = await Promise.all([0, 1, 2].map((index) => readImage(join(folder, `frame-${index}.png`))))
  video = { frames, framesPerSecond: 2 }
})
afterAll(() => model?.dispose())

describe('a video of clips', () => {
  it('is two frames a clip, the last one filled up, one second apart', async () => {
    const views = model.parts.architecture.prompt.video!.views(video)
    expect(views.map(({ clip }) => clip?.time)).toEqual([0, 2])
    expect(views.map(({ clip }) => clip?.frames.map((frame) => video.frames.indexOf(frame)))).toEqual([
      [0, 1],
      [2, 2],
    ])
    const {
      views: [encoded],
      patches,
    } = await model.encodeVideo(video)
    expect(encoded.embeds.dims).toEqual([30, 32])
    expect(encoded.grid).toEqual({ rows: 3, columns: 5, times: [0, 2] })
    expect(patches).toBe(30)
  })

  it('is encoded once', async () => {
    expect((await model.encodeVideo(video, parseMethod('keep-all'))).cached).toBe(false)
    expect((await model.encodeVideo(video, parseMethod('keep-all'))).cached).toBe(true)
    expect((await model.encodeVideo({ ...video, framesPerSecond: 1 }, parseMethod('keep-all'))).cached).toBe(false)
  })

  it.each(['random:keep=.25', 'fastv:layer=1,keep=.25', 'resize:keep=.25'])('has fewer tokens by %s', async (text) => {
    const method = parseMethod(text)
    const { tokens, kept } = await model.generate({ prompt, images: [image], videos: [video], method, maxTokens: 2 })
    expect(tokens.visual.last).toBeGreaterThan(0)
    expect(tokens.visual.last).toBeLessThan(tokens.visual.before / 2)
    expect(kept).toHaveLength(2)
  })

  it('is refused by a model that was not made for it, and where the prompt has no place for it', async () => {
    const llava = await loadModel(join(families, 'llava'), { threads: 1 })
    await expect(llava.generate({ prompt, videos: [video] })).rejects.toMatchObject({ code: 'video_unsupported' })
    await llava.dispose()
    const raw = { prompt: '<|image_pad|><|image_pad|>', rawPrompt: true, images: [image], videos: [video] }
    await expect(model.generate(raw)).rejects.toMatchObject({ code: 'image_count' })
  })
})

describe('a later turn', () => {
  it('goes on at the positions that a fresh reading of all turns would have', async () => {
    let logits = new Float32Array()
    const options = {
      maxTokens: 6,
      ignoreEos: true,
      onPrefill: (_: unknown, values: Float32Array) => void (logits = values.slice()),
    }
    const conversation = await model.converse([image], undefined, [video])
    const { text } = await conversation.ask(prompt, options)
    const { tokens } = await conversation.ask('and the moon?', options)
    await conversation.close()
    expect(tokens.cached).toBeGreaterThan(50)
    const later = logits
    const { template, tokenizer } = model.parts
    const said = (words: string) => ({ type: 'text', text: words }) as const
    const history = template.render(
      [
        { role: 'user', content: [{ type: 'image' }, { type: 'video' }, said(prompt)] },
        { role: 'assistant', content: [said(text)] },
        { role: 'user', content: [said('and the moon?')] },
      ],
      { protect: tokenizer.protect },
    )
    await model.generate({ prompt: history, rawPrompt: true, images: [image], videos: [video], ...options })
    const scale = Math.max(...logits.map(Math.abs))
    expect(Math.max(...logits.map((value, at) => Math.abs(value - later[at])))).toBeLessThan(1e-4 * scale)
  })
})
