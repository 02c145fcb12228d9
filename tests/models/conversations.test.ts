import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/loading/node-load.ts'
import type { RgbImage } from '../../src/media/image.ts'
import { readImage } from '../../src/media/read-image.ts'
import type { Video } from '../../src/media/video.ts'
import type { Model } from '../../src/pipeline/model.ts'
import type { ContentPart, Message } from '../../src/pipeline/talk/message.ts'

/** Recorded by tests/fixtures/make_conversations.py from Hugging Face transformers. */
interface Recorded {
  messages: Message[]
  framesPerSecond: number
  ids: number[]
  logits: string
  greedy: number[]
}

const fixtures = new URL('../fixtures/', import.meta.url).pathname
const families = readdirSync(join(fixtures, 'conversations')).map((name) => basename(name, '.json'))

function distance(actual: Float32Array, base64: string): number {
  const expected = new Float32Array(new Uint8Array(Buffer.from(base64, 'base64')).buffer)
  expect(actual.length).toBe(expected.length)
  const scale = expected.reduce((top, value) => Math.max(top, Math.abs(value)), 0)
  return expected.reduce((worst, value, at) => Math.max(worst, Math.abs(value - actual[at])), 0) / scale
}

describe.each(families)('%s in several turns', (family) => {
  const recorded: Recorded = JSON.parse(readFileSync(join(fixtures, 'conversations', `${family}.json`), 'utf8'))
  const { messages, framesPerSecond } = recorded
  let model: Model
  let images: RgbImage[]
  let videos: Video[]
  beforeAll(async () => {
    const folder = join(fixtures, 'families', family)
    const read = (names: string[]) =>
      Promise.all(names.map((name) => readImage(join(folder, name), { pixels: 'reference' })))
    const hasVideo = messages.some(({ content }) => JSON.stringify(content).includes('"video"'))
    images = await read(['image-0.png', 'image-1.png'])
    videos = hasVideo ? [{ frames: await read([0, 1, 2].map((at) => `frame-${at}.png`)), framesPerSecond }] : []
    model = await loadModel(folder, { threads: 1 })
  })
  afterAll(() => model?.dispose())

  async function answer(said: readonly Message[], pictures: { images?: RgbImage[]; videos?: Video[] }) {
    const seen = { ids: [] as readonly number[], logits: new Float32Array(), greedy: [] as number[] }
    await model.generate({
      messages: said,
      ...pictures,
      maxTokens: 12,
      ignoreEos: true,
      onPrefill: (ids, logits) => Object.assign(seen, { ids, logits: logits.slice() }),
      onToken: (id) => seen.greedy.push(id),
    })
    return seen
  }

  it('agrees with transformers: token ids, logits, greedy tokens', async () => {
    const { ids, logits, greedy } = await answer(messages, { images, videos })
    expect(ids).toEqual(recorded.ids)
    expect(distance(logits, recorded.logits)).toBeLessThan(1e-4)
    expect(greedy).toEqual(recorded.greedy)
  })

  it('says the same with the pictures in their parts, and with some of them there', async () => {
    const [still, moving] = [[...images], [...videos]]
    const filled = (part: ContentPart): ContentPart => {
      if (part.type === 'image') return { type: 'image', image: still.shift() }
      return part.type === 'video' ? { type: 'video', video: moving.shift() } : part
    }
    const inside = messages.map(({ role, content }) => ({
      role,
      content: typeof content === 'string' ? content : content.map(filled),
    }))
    const { ids, greedy } = await answer(inside, {})
    expect(ids).toEqual(recorded.ids)
    expect(greedy).toEqual(recorded.greedy)
    // the first in its part, the second beside
    const first = inside.findIndex(({ role }) => role === 'user')
    const mixed = messages.map((message, at) => (at === first ? inside[at] : message))
    expect((await answer(mixed, { images: images.slice(1), videos })).greedy).toEqual(recorded.greedy)
  })

  it('sees which picture stands where', async () => {
    const { logits } = await answer(messages, { images: [...images].reverse(), videos })
    expect(distance(logits, recorded.logits)).toBeGreaterThan(1e-3)
  })
})
