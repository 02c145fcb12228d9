import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describe as describeModel } from '../../../src/loading/node-hub.ts'
import { type LoadOptions, loadModel } from '../../../src/loading/node-load.ts'
import { readImage } from '../../../src/media/read-image.ts'
import { ownCache } from '../../quantization/cache-folder.ts'
import { FAMILIES, type GgufFamily, type PairOptions, writeGgufPair } from './families.ts'

const cache = ownCache()
const root = mkdtempSync(join(tmpdir(), 'fovea-gguf-model-'))
afterAll(() => rmSync(root, { recursive: true }))

/** Tokens and last logits of a question about an image, and the answer. */
async function answered(name: string, image: string, options: LoadOptions = {}) {
  const model = await loadModel(name, { threads: 1, ...options })
  try {
    const seen = { ids: [] as readonly number[], logits: new Float32Array(), greedy: [] as number[] }
    await model.generate({
      prompt: 'what color is the star?',
      images: [await readImage(image, { pixels: 'reference' })],
      maxTokens: 6,
      ignoreEos: true,
      onPrefill: (ids, logits) => Object.assign(seen, { ids, logits: logits.slice() }),
      onToken: (id) => seen.greedy.push(id),
    })
    return seen
  } finally {
    await model.dispose()
  }
}

/** Largest difference, relative to the largest value. */
const distance = (actual: Float32Array, expected: Float32Array): number => {
  const scale = expected.reduce((top, value) => Math.max(top, Math.abs(value)), 0)
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - actual[i])), 0) / scale
}

/** A copy of a fixture, and a folder with its GGUF files. */
async function written(family: GgufFamily, options?: PairOptions) {
  const parent = mkdtempSync(join(root, 'model-'))
  const [folder, to] = ['folder', 'gguf'].map((part) => join(parent, part))
  mkdirSync(to)
  return { folder, to, image: join(folder, 'image-0.png'), ...(await writeGgufPair(family, folder, to, options)) }
}

describe.each(FAMILIES)('$fixture in GGUF ($architecture, $projector)', (family) => {
  it('answers as the safetensors that it was made of', async () => {
    const { folder, language, image } = await written(family)
    const [expected, found] = [await answered(folder, image), await answered(language, image)]
    expect(found.ids).toEqual(expected.ids)
    expect(distance(found.logits, expected.logits)).toBeLessThan(1e-5)
    expect(found.greedy).toEqual(expected.greedy)
  })
})

describe('a model in GGUF', () => {
  it('is found by its folder, and its vision side by name', async () => {
    const { to, image, vision, language } = await written(FAMILIES[0])
    const byFolder = await answered(to, image)
    renameSync(vision, join(root, 'sight.gguf'))
    await expect(loadModel(language)).rejects.toMatchObject({
      code: 'vision_missing',
      message: expect.stringMatching(
        /model\.gguf: a language model alone sees no pictures; put its mmproj-\*\.gguf beside it, or name that with --mmproj/,
      ),
    })
    expect(await answered(language, image, { mmproj: join(root, 'sight.gguf') })).toEqual(byFolder)
  })

  it('whose vocabulary lacks the token of images gets one behind it', async () => {
    const { folder, language, image } = await written(FAMILIES[0], { lost: '<image>' })
    const [expected, found] = [await answered(folder, image), await answered(language, image)]
    expect(found.ids.map((id) => (id === 640 ? 4 : id))).toEqual(expected.ids)
    expect(distance(found.logits, expected.logits)).toBeLessThan(1e-5)
  })

  it.each(['llava', 'qwen2-vl'])(
    'of an old converter (%s) has the matrices of its MLP told by their rows',
    async (name) => {
      const family = FAMILIES.find(({ fixture }) => fixture === name)!
      const { folder, language, image } = await written(family, { swapped: true })
      const [expected, found] = [await answered(folder, image), await answered(language, image)]
      expect(distance(found.logits, expected.logits)).toBeLessThan(1e-5)
    },
  )

  it.each([
    ['F16', 2e-2],
    ['Q8_0', 0.2],
  ] as const)('with matrices of form %s answers nearly as well', async (type, limit) => {
    const { folder, language, image } = await written(FAMILIES[1], { type })
    const [expected, found] = [await answered(folder, image), await answered(language, image)]
    expect(found.ids).toEqual(expected.ids)
    const apart = distance(found.logits, expected.logits)
    expect(apart).toBeGreaterThan(0)
    expect(apart).toBeLessThan(limit)
  })

  it('is converted once, and again where the cache was damaged', async () => {
    const { language, image } = await written(FAMILIES[0], { type: 'F16' })
    let converted = 0
    const onConvert = () => {
      converted++
    }
    const first = await answered(language, image, { onConvert })
    expect(await answered(language, image, { onConvert })).toEqual(first)
    expect(converted).toBe(1)
    // one weight, late in the files of this cache
    const names = readdirSync(join(cache(), 'gguf'), { recursive: true, encoding: 'utf8' })
    for (const name of names.filter(
      (each) => /[/\\][0-9a-f]{64}\.safetensors$/.test(each) && !each.startsWith('digests'),
    )) {
      const path = join(cache(), 'gguf', name)
      const bytes = readFileSync(path)
      bytes[bytes.length - 1] ^= 1
      writeFileSync(path, bytes)
    }
    expect(await answered(language, image, { onConvert })).toEqual(first)
    expect(converted).toBe(2)
  })

  it('is described from its heads alone', async () => {
    const { language, folder } = await written(FAMILIES[0])
    const [info, whole] = [await describeModel(language), await describeModel(folder)]
    expect(info).toMatchObject({ family: 'llava', parameters: whole.parameters, memory: whole.memory })
    expect(info.files.map(({ name }) => name.split('/').at(-1))).toEqual(['model.gguf', 'mmproj-model.gguf'])
  })
})
