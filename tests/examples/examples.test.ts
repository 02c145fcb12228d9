import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ID, startHub } from '../hub/fake-hub.ts'
import { picture, writeTinyModel } from '../pipeline/tiny-model.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

let folder: string
let image: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-examples-'))
  image = join(folder, 'picture.png')
  await writeTinyModel(folder)
  const { data, width, height } = picture()
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(image)
})
afterAll(() => rm(folder, { recursive: true }))

/** Runs an example as its first line says and returns what it printed. */
async function run(
  name: string,
  words = [folder, image, 'is there a star?'],
  variables: Record<string, string> = {},
): Promise<string> {
  const args = ['--import', 'tsx', `examples/${name}.ts`, ...words]
  const env = { ...process.env, FOVEA_CACHE: join(folder, 'cache'), ...variables }
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env })
  return stdout
}

it('are named in the docs, which say how they are run', async () => {
  const [readme, models] = await Promise.all(
    ['README.md', 'docs/models.md'].map((name) => readFile(join(root, name), 'utf8')),
  )
  const programs = (await readdir(join(root, 'examples'))).filter((name) => name.endsWith('.ts'))
  expect(programs.filter((name) => !models.includes(`](../examples/${name})`))).toEqual([])
  const command = 'node --import tsx examples/ask.ts mini examples/scene.png "what color is the star?"'
  for (const page of [readme, models]) expect(page).toContain(`\n${command}\n`)
  expect(await run('ask', ['mini', 'examples/scene.png', 'what color is the star?'])).toMatch(/^yellow\n/)
})

it('examples/ask.ts prints an answer and what it cost', async () => {
  expect(await run('ask')).toMatch(/^.+\n16 patches became 4 visual tokens; first word after \d+ ms\n$/s)
})

it('examples/custom-reducer.ts combines a method of its own with one from a paper', async () => {
  const printed = await run('custom-reducer')
  expect(printed).toMatch(/.+\nlargest-norm:keep=0.5\+fastv:layer=2,keep=0.5,ids=keep: 16 -> 8 -> 4 visual tokens\n$/s)
})

it('examples/custom-reducer.ts measures it beside rivals, as its tutorial says', { timeout: 240_000 }, async () => {
  const out = join(folder, 'bench')
  const printed = await run('custom-reducer', [folder, image, 'is there a star?', 'divprune'], { OUT: out })
  const lines = printed.trim().split('\n').slice(-5)
  expect(lines.map((line) => line.split(':')[0])).toEqual(['dense', 'random', 'resize', 'divprune', 'largest-norm'])
  expect(lines[4]).toMatch(/ % right, -?\d+ points above resize, FLOPs x 0\.\d\d$/)
  const kept = await readFile(join(out, 'bench.json'), 'utf8')
  expect(kept).toMatch(/"method": "largest-norm:keep=0.25 \(largest-norm:keep=0.25, [0-9a-f]{8}\)"/)
})

it('docs/tutorials/own-reducer.md shows the program as it is', async () => {
  const [page, program] = await Promise.all(
    ['docs/tutorials/own-reducer.md', 'examples/custom-reducer.ts'].map((name) => readFile(join(root, name), 'utf8')),
  )
  const shown = [...page.matchAll(/```ts\n([\s\S]*?)\n```/g)].map(([, code]) => code)
  expect(shown).toHaveLength(2)
  for (const code of shown) expect(program).toContain(code)
})

it('examples/several-images.ts says how many patches each image has', async () => {
  const printed = await run('several-images', [folder, 'is there a star?', image, image])
  expect(printed.endsWith(`\n${image}: 16 patches\n${image}: 16 patches\n`)).toBe(true)
})

it('examples/video.ts asks about a video', async () => {
  const words = ['tests/fixtures/families/qwen2-vl', 'what happens?', 'examples/clip.mp4']
  const [own, asked] = await Promise.all([run('video', words), run('video', [...words, '4'])])
  expect(own).toMatch(/\n8 of 48 frames became \d+ visual tokens\n$/)
  expect(asked).toMatch(/\n4 of 48 frames became \d+ visual tokens\n$/)
})

it('examples/quantized.ts says what int8 lost', async () => {
  expect(await run('quantized')).toMatch(/.+\nint8: \d+ layers, largest error 0\.\d+\n$/s)
})

it('examples/conversation.ts goes on from the first turn', async () => {
  const printed = await run('conversation', [folder, image, 'is there a star?', 'where?'])
  expect(printed).toMatch(/ 0 from the turn before\n.*tokens of text, [1-9]\d* from the turn before\n$/s)
})

it('examples/messages.ts asks on about a second picture, in one prefill', async () => {
  const printed = await run('messages', [folder, image, image])
  expect(printed).toMatch(/.+\n(stop|length) after \d+ tokens, 32 visual tokens in the prompt\n$/s)
})

it('examples/hub.ts looks at a model, fetches it and checks it', async () => {
  const { endpoint, settings } = await startHub()
  const printed = await run('hub', [ID], { HF_ENDPOINT: endpoint, HF_HUB_CACHE: settings.cache, HF_TOKEN: '' })
  expect(printed).toMatch(/^.*: idefics3, 0.\d M parameters, fits as fp32\n\n.*: [1-9]\d* bytes came\n8 files, 0 were/)
  expect(printed).toMatch(new RegExp(`\n${ID}: \\d+ bytes, main\n$`))
})

it('examples/explain.ts prints what an answer rests on', async () => {
  const printed = await run('explain')
  expect(printed).toMatch(/ behind each layer: ("[^"]*" ?)+\n/)
  expect(printed).toMatch(/the answer rests most on patches \d+, \d+, \d+ of 16\n$/)
})

it('examples/hallucination.ts asks for each thing in both ways', async () => {
  const words = ['mini', 'examples/scene.png', 'star', 'heart']
  expect(await run('hallucination', words)).toBe(
    'is there a star? dense: yes, damro: yes\nis there a heart? dense: no, damro: no\n',
  )
})

it('examples/ai-sdk.ts asks through the AI SDK', async () => {
  const printed = await run('ai-sdk', ['mini', 'examples/scene.png', 'what color is the star?'])
  expect(printed).toMatch(/^yellow\n\d+ patches became \d+ visual tokens\n$/)
})

it('examples/agent.ts says who said what, and what it took', async () => {
  const printed = await run('agent', ['mini', 'examples/scene.png', 'what color is the star?'])
  // the summary chooses among what the expert saw
  expect(printed).toMatch(/^1\. words: [\s\S]*\n2\. eyes: (.+)\n[\s\S]*\n\1 \(.+"stop":"solved".+\)\n/)
  expect(printed).toMatch(/\n[2-9]\d* calls, \d+ tokens of text, \d+\.\d s\n$/)
})
