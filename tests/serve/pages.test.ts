/** What the studio's pages are given: their files, and what they ask of the server. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { PaperCard } from '../../src/serve/endpoints/papers.ts'
import { errorOf, picture, say, serving, text } from './serving.ts'

const folder = await mkdtemp(join(tmpdir(), 'fovea-pages-'))
await mkdir(join(folder, 'assets'))
await mkdir(join(folder, '.vite'))
await Promise.all([
  writeFile(join(folder, 'index.html'), '<p>the studio</p>'),
  writeFile(join(folder, 'assets/index-abc.js'), 'export {}'),
  writeFile(join(folder, '.vite/manifest.secret'), 'no page asks for it'),
])
afterAll(() => rm(folder, { recursive: true, force: true }))

const KEY = 'a-key-of-the-test-0123'
const { get, chat } = serving({ key: KEY, studio: folder })
const authorization = { authorization: `Bearer ${KEY}` }
const asked = async (path: string) => (await get(path, { headers: authorization })).json()

describe('the pages of the studio', () => {
  it.each(['/', '/papers', '/papers/fastv', '/playground?sample=3', '/compare'])(
    '%s is the one page, for whoever asks',
    async (path) => {
      const response = await get(path)
      expect([response.status, await response.text()]).toEqual([200, '<p>the studio</p>'])
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(response.headers.get('cache-control')).toBe('no-cache')
      const policy = response.headers.get('content-security-policy')
      expect(policy).toContain("default-src 'self'; img-src 'self' data: blob:;")
      expect(policy).not.toContain('unsafe')
    },
  )

  it('has assets that never change, and no file but those that pages ask for', async () => {
    const asset = await get('/assets/index-abc.js')
    expect([asset.status, asset.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8'])
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    for (const path of ['/.vite/manifest.secret', '/assets/../../package.json', '/assets/none.js'])
      expect((await get(path)).status).toBe(401) // as all that is no page, without the key
    expect((await get('/.vite/manifest.secret', { headers: authorization })).status).toBe(404)
  })

  it('says how pages are made where there are none', async () => {
    const { addStudio } = await import('../../src/serve/http/studio.ts')
    const { buildApp } = await import('../../src/serve/http/app.ts')
    const app = await buildApp({ headers: 1000, request: 1000 })
    await addStudio(app, join(folder, 'nowhere'))
    const { statusCode, body } = await app.inject('/')
    expect([statusCode, JSON.parse(body).error.message]).toEqual([404, expect.stringContaining('npm run studio:build')])
    await app.close()
  })

  it('needs the key for all that a page asks', async () => {
    for (const path of ['/fovea/papers', '/fovea/papers/fastv', '/fovea/papers.atom', '/fovea/samples/0', '/props'])
      expect((await get(path)).status, path).toBe(401)
  })
})

describe('what the pages ask', () => {
  it('is the catalogue with states, options and what can be run', async () => {
    const { data } = (await asked('/fovea/papers')) as { data: PaperCard[] }
    const card = (id: string) => data.find((one) => one.id === id)!
    expect(card('fastv')).toMatchObject({ name: 'FastV', use: 'image', untrained: false, kind: ['reducer'] })
    expect(card('fastv').options).toMatchObject({ properties: { keep: { default: 0.5, minimum: 0, maximum: 1 } } })
    expect(card('evs')).toMatchObject({ use: 'video' })
    expect(card('mqt').untrained).toBe(false)
    expect(card('llava-uhd').untrained).toBe(true)
    expect(card('liquid').use).toBeUndefined()
    expect(card('fastv').results).toBeUndefined()
  })

  it('is one paper with its rows, and 404 with what was meant', async () => {
    const card = (await asked('/fovea/papers/fastv')) as PaperCard
    expect(card.equation).toContain('\\phi_j')
    const [row] = card.results!.effect!.rows
    expect(row).toMatchObject({ name: 'accuracy, dense', unit: '%' })
    const missing = await errorOf(await get('/fovea/papers/fastvv', { headers: authorization }))
    expect(missing).toMatchObject({
      status: 404,
      code: 'unknown_paper',
      message: expect.stringContaining('did you mean fastv'),
    })
  })

  it('is a feed, the newest papers first', async () => {
    const response = await get('/fovea/papers.atom', { headers: authorization })
    expect(response.headers.get('content-type')).toBe('application/atom+xml; charset=utf-8')
    const feed = await response.text()
    const dates = [...feed.matchAll(/<entry>.*?<updated>(.*?)<\/updated>/g)].map(([, date]) => date)
    expect(dates).toEqual([...dates].sort().reverse())
    expect(dates.length).toBeGreaterThan(60)
    expect(feed).not.toMatch(/&(?!amp;|lt;|gt;|quot;)/)
  })

  it('is a picture of the World with a question and its answer, the same for the same number', async () => {
    const sample = await asked('/fovea/samples/3')
    expect(sample).toMatchObject({ task: 'size', question: expect.stringContaining('?'), answer: expect.any(String) })
    expect(sample.image).toMatch(/^data:image\/png;base64,iVBOR/)
    expect(await asked('/fovea/samples/3')).toEqual(sample)
    expect((await asked('/fovea/samples/3?task=count')).task).toBe('count')
    const wrong = await errorOf(await get('/fovea/samples/-1', { headers: authorization }))
    expect(wrong).toMatchObject({ status: 400, param: 'index' })
    const unknown = await errorOf(await get('/fovea/samples/0?task=cooking', { headers: authorization }))
    expect(unknown).toMatchObject({ status: 400, code: 'world-task' })
  })
})

describe('the way of patches in a reply', () => {
  const ask = async (method: string) => {
    const { image, question } = await asked('/fovea/samples/7')
    const messages = [say([picture({ url: image }), text(question)])]
    return (await (await chatWithKey({ messages, fovea: { method } })).json()).fovea
  }
  const chatWithKey = (body: object) =>
    get('/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...authorization },
    })

  it('has the views of each image and the token of each patch', async () => {
    const { views, patches, steps, visual_tokens: tokens } = await ask('visionzip:keep=.25')
    expect(views).toEqual([[{ rows: 12, columns: 12, box: { left: 0, top: 0, width: 192, height: 192 } }]])
    expect(patches[0]).toHaveLength(144)
    expect(new Set(patches[0])).toEqual(new Set(Array.from({ length: 36 }, (_, at) => at)))
    expect([steps, tokens.layers]).toEqual([[], [36, 36, 36, 36, 36]])
  })

  it('says of dropped patches that they have none', async () => {
    const { patches } = await ask('divprune:keep=.25')
    expect(patches[0].filter((token: number) => token === -1)).toHaveLength(108)
  })

  it('says which tokens each layer was given where they become fewer', async () => {
    const { steps, kept, visual_tokens: tokens } = await ask('pyramiddrop')
    const found: { layer: number; tokens: number[] }[] = steps
    expect(found.map(({ layer, tokens: { length } }) => [layer, length])).toEqual([
      [1, 72],
      [3, 36],
      [4, 18],
    ])
    for (const { layer, tokens: own } of found) expect(tokens.layers[layer]).toBe(own.length)
    for (const [at, { tokens: own }] of found.slice(1).entries())
      expect(found[at].tokens).toEqual(expect.arrayContaining(own))
    expect(found.at(-1)!.tokens).toEqual(kept[0])
  })

  it('is left out where nothing of Fovea was asked', async () => {
    const { image } = await asked('/fovea/samples/7')
    const response = await chatWithKey({ messages: [say([picture({ url: image }), text('what?')])], max_tokens: 1 })
    expect(Object.keys((await response.json()).fovea)).not.toContain('patches')
  })

  it('is refused without the key', async () => {
    expect((await chat({ messages: [say('what?')] })).status).toBe(401)
  })
})
