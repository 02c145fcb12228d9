import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import type { RgbImage } from '../../../src/media/image.ts'
import { readImage } from '../../../src/media/read-image.ts'
import type { Video } from '../../../src/media/video.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { Model, PromptOptions } from '../../../src/pipeline/model.ts'

const root = new URL('../../fixtures/families/', import.meta.url).pathname
const prompt = 'what color is the star?'

describe.each(['smolvlm2-video', 'internvl-video'])('%s', (name) => {
  let model: Model
  let frames: RgbImage[]
  let video: Video
  beforeAll(async () => {
    const folder = join(root, name)
    model = await loadModel(folder, { threads: 1 })
    frames = await Promise.all(['image-0.png', 'image-1.png'].map((file) => readImage(join(folder, file))))
    video = { frames, framesPerSecond: 1 }
  })
  afterAll(() => model?.dispose())

  /** Ids of the prompt, and how many of them are visual. */
  async function idsOf(options: Partial<PromptOptions>) {
    const ids: number[] = []
    const onPrefill = (found: readonly number[]) => void ids.push(...found)
    const reply = await model.generate({ prompt, videos: [video], maxTokens: 1, ...options, onPrefill })
    const { imageToken } = model.parts.architecture.prompt
    return { ids, visual: ids.filter((id) => id === imageToken).length, reply }
  }

  it('says which frames it saw', async () => {
    const { reply, visual } = await idsOf({})
    expect(reply.videos).toEqual([{ frames: 2, of: 2, framesPerSecond: 1, timestamps: [0, 1] }])
    expect(visual).toBe(reply.tokens.visual.after)
    expect(reply.kept.flat()).toHaveLength(visual)
  })

  it('takes words of a question that look like a place as words', async () => {
    const [plain, sly] = [await idsOf({}), await idsOf({ prompt: `${prompt} <video> <image>` })]
    expect(sly.visual).toBe(plain.visual)
    expect(sly.ids.length).toBeGreaterThan(plain.ids.length)
  })

  it('stands where a message has it, whatever was said before', async () => {
    const said = [
      { role: 'user', content: 'what does <video> mean, and <image>?' },
      { role: 'assistant', content: 'a place for one' },
      {
        role: 'user',
        content: [
          { type: 'video', video },
          { type: 'text', text: prompt },
        ],
      },
    ] as const
    const ids: number[] = []
    const onPrefill = (found: readonly number[]) => void ids.push(...found)
    const { tokens } = await model.generate({ messages: said, maxTokens: 1, onPrefill })
    const first = ids.indexOf(model.parts.architecture.prompt.imageToken)
    expect(tokens.visual.after).toBe((await idsOf({})).visual)
    expect(first).toBeGreaterThan(ids.length / 4)
    expect(model.parts.tokenizer.decode(ids.slice(0, first))).toContain('what does <video> mean, and <image>?')
  })

  it('stands where a raw prompt has it', async () => {
    const { imageToken } = model.parts.architecture.prompt
    const image = model.parts.tokenizer.idToToken(imageToken)!
    const raw = { rawPrompt: true, images: [frames[1]] }
    const [first, last] = [
      await idsOf({ ...raw, prompt: `<video>then${image}` }),
      await idsOf({ ...raw, prompt: `${image}then<video>` }),
    ]
    expect(first.visual).toBe(last.visual)
    expect(first.ids).not.toEqual(last.ids)
    await expect(idsOf({ rawPrompt: true, prompt: 'no place' })).rejects.toThrow(
      'has places for 0 videos, 1 were given',
    )
    await expect(idsOf({ rawPrompt: true, prompt: `<video>${image}` })).rejects.toThrow(
      'places for 1 images, 0 were given',
    )
  })

  it('has fewer tokens under a method', async () => {
    const { reply, visual } = await idsOf({ method: parseMethod('random:keep=.5') })
    expect(visual).toBeLessThanOrEqual(reply.tokens.visual.before / 2)
    const { reply: later } = await idsOf({ method: parseMethod('fastv:layer=1,keep=.5') })
    expect(later.tokens.visual.last).toBeLessThan(later.tokens.visual.after)
  })

  it('goes on from what earlier turns left in the cache', async () => {
    const conversation = await model.converse([], undefined, [video])
    const options = { maxTokens: 4, ignoreEos: true }
    const { tokens } = await conversation.ask(prompt, options)
    const next = await conversation.ask('and then?', options)
    await conversation.close()
    expect(next.tokens.cached).toBeGreaterThanOrEqual(tokens.text)
    expect(next.tokens.visual).toEqual(tokens.visual)
    expect(next.videos).toHaveLength(1)
  })

  it('is encoded once', async () => {
    expect((await model.encodeVideo(video, parseMethod('keep-all'))).cached).toBe(false)
    expect((await model.encodeVideo(video, parseMethod('keep-all'))).cached).toBe(true)
  })
})
