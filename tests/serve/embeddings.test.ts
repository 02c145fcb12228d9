import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadEmbedder } from '../../src/loading/node-load-embedder.ts'
import { readImage } from '../../src/media/read-image.ts'
import { dataUrl, errorOf, picture, serving } from './serving.ts'

const folder = 'tests/fixtures/embeddings/clip'
const { images, texts } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<string, string[]>
const site = serving({ embedder: folder })

describe('embeddings', () => {
  it('of texts and images are those of the library, in the order of what was given', async () => {
    const url = dataUrl(readFileSync(join(folder, images[0])))
    const reply = await site.post('/v1/embeddings', { model: 'clip', input: [texts[0], picture(url), texts[1]] })
    expect(reply.status).toBe(200)
    const { data, usage } = (await reply.json()) as {
      data: { index: number; embedding: number[] }[]
      usage: { prompt_tokens: number }
    }
    const model = await loadEmbedder(folder)
    const own = await model.embed({ images: [await readImage(url)], texts: texts.slice(0, 2) })
    await model.dispose()
    const expected = [own.texts[0], own.images[0], own.texts[1]].map((vector) => Array.from(vector))
    expect(data.map(({ embedding }) => embedding)).toEqual(expected)
    expect(data.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(usage.prompt_tokens).toBeGreaterThan(0)
  })

  it('are numbers of 32 bits in Base64 on request', async () => {
    const asked = async (encoding_format: string) => {
      const reply = await site.post('/v1/embeddings', { input: texts[0], encoding_format })
      return ((await reply.json()) as { data: { embedding: never }[] }).data[0].embedding
    }
    const bytes = Buffer.from(await asked('base64'), 'base64')
    const numbers = Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at))
    expect(numbers).toEqual(await asked('float'))
  })

  it('are refused for what is none', async () => {
    for (const input of [undefined, null, [], [3], {}, [{ type: 'video' }]])
      expect((await errorOf(await site.post('/v1/embeddings', { input }))).status).toBe(400)
    const refused = await errorOf(await site.post('/v1/embeddings', { input: [picture('http://127.0.0.1/x.png')] }))
    expect(refused).toMatchObject({ code: 'media_url_not_allowed', param: 'input.0.image_url' })
    expect(await errorOf(await site.post('/v1/embeddings', { input: 'word '.repeat(500) }))).toMatchObject({
      status: 400,
      param: 'input',
    })
    expect(await site.isAlive()).toBe(true)
  })
})
