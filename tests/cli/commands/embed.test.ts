import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { saveAdapter } from '../../../src/checkpoints/adapter-folder.ts'
import { weightTable } from '../../../src/checkpoints/weight-table.ts'
import { readImage } from '../../../src/media/read-image.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { baseValues } from '../../../src/training/base-values.ts'
import { withRandomAdapter } from '../../papers/random-adapter.ts'
import { largestDifference, tinyModel } from '../../pipeline/tiny-model.ts'
import { fovea } from '../fovea.ts'

const folder = 'tests/fixtures/embeddings/clip'
const vlm = 'tests/fixtures/families/llava'
const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'))
const images = expected.images.map((name: string) => join(folder, name))

const floats = (base64: string): number[] => {
  const bytes = Buffer.from(base64, 'base64')
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4))
}

describe('fovea embed', () => {
  it('prints embeddings, logits and probabilities as the reference has them', async () => {
    const { status, stdout, stderr } = await fovea(
      ...['embed', folder, '--image', ...images, '--text', ...expected.texts, '--json'],
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const found = JSON.parse(stdout)
    expect(Object.keys(found)).toEqual(['model', 'family', 'width', 'images', 'texts', 'logits', 'probabilities'])
    expect(found).toMatchObject({ family: 'clip', width: 24 })
    for (const [name, key] of [
      ['images', 'image_embeds'],
      ['texts', 'text_embeds'],
      ['logits', 'logits_per_image'],
      ['probabilities', 'probabilities'],
    ]) {
      const wanted = floats(expected[key])
      const scale = Math.max(...wanted.map(Math.abs))
      const worst = Math.max(...wanted.map((value, at) => Math.abs(value - found[name].flat()[at])))
      expect(found[name].flat()).toHaveLength(wanted.length)
      expect(worst).toBeLessThan(1e-4 * scale)
    }
  })

  it('shows in words which text fits, or how embeddings begin', async () => {
    const [both, alone] = await Promise.all([
      fovea('embed', folder, '--image', images[0], '--text', 'a cat', 'a dog'),
      fovea('embed', folder, '--text', 'a cat'),
    ])
    expect(both.stdout).toMatch(/^image +text +logit +probability\n.*a cat +-?\d+\.\d{3} +\d+\.\d %\n.*a dog .* %\n$/)
    expect(alone.stdout).toMatch(/^text +numbers +embedding .*\na cat +24( +-?\d\.\d{4}){4} \.\.\.\n$/)
  })

  it('refuses what it cannot embed, with a line that says what to do', async () => {
    const [nothing, long, answers, embeds] = await Promise.all([
      fovea('embed', folder),
      fovea('embed', folder, '--text', 'star '.repeat(100)),
      fovea('embed', vlm, '--text', 'a cat'),
      fovea('ask', images[0], 'what is this?', '--model', folder),
    ])
    expect(nothing).toMatchObject({ status: 2, stderr: expect.stringContaining('give images (--image) or texts') })
    expect(long).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/"star .*\.\.\." has \d+ tokens, clip reads/),
    })
    expect(answers).toMatchObject({ status: 3, stderr: expect.stringContaining('use fovea ask') })
    expect(embeds).toMatchObject({ status: 3, stderr: expect.stringContaining('use fovea embed') })
    for (const { stdout, stderr } of [nothing, long, answers, embeds])
      expect([stdout, stderr.split('\n').length]).toEqual(['', 2])
  })

  it('embeds images and texts together by a method, as the library does', async () => {
    const { folder: model, model: loaded, close } = await tinyModel()
    try {
      const text = 'notellm-2:width=8,lora=0'
      const { adapter } = withRandomAdapter(loaded.parts.architecture, parseMethod(text))
      const values = await baseValues(weightTable(adapter!.entries, adapter!.files), [...adapter!.entries.keys()])
      const options = { width: 8, lora: 0 }
      const base = await loaded.parts.adapters!.identity()
      await saveAdapter(join(model, 'methods/notellm-2'), { id: 'notellm-2', base, options }, values)
      const given = ['embed', model, '--method', text, '--image', ...images.slice(0, 2), '--text', 'a cat', 'a dog']
      const [apart, together] = await Promise.all([fovea(...given, '--json'), fovea(...given, '--together', '--json')])
      expect({ status: apart.status, stderr: apart.stderr }).toEqual({ status: 0, stderr: '' })
      const [one, both] = [JSON.parse(apart.stdout), JSON.parse(together.stdout)]
      expect(one).toMatchObject({ family: 'llava', width: 8, notes: [] })
      expect([one.images.length, one.texts.length, both.notes.length, both.images.length]).toEqual([2, 2, 2, 0])
      const dot = (a: number[], b: number[]) => a.reduce((sum, value, at) => sum + value * b[at], 0)
      expect(dot(one.images[0], one.images[0])).toBeCloseTo(1, 5)
      const ratio = one.logits[0][1] / dot(one.images[0], one.texts[1])
      expect(ratio).toBeGreaterThan(1)
      expect(one.logits[1][0] / dot(one.images[1], one.texts[0])).toBeCloseTo(ratio, 3)
      const image = await readImage(images[1])
      const alone = await loaded.embed({ prompt: 'a dog', images: [image], method: parseMethod(text) })
      expect(largestDifference(both.notes[1], alone)).toBeLessThan(1e-6)
    } finally {
      await close()
    }
  })

  it('says what a method lacks to embed, and what does not go together', async () => {
    const mini = ['embed', 'mini', '--text', 'a', 'b']
    const [headless, untrained, uneven, dual] = await Promise.all([
      fovea(...mini, '--method', 'fastv'),
      fovea(...mini, '--method', 'notellm-2:width=32'),
      fovea(...mini, '--method', 'notellm-2', '--together', '--image', images[0]),
      fovea('embed', folder, '--together', '--image', images[0], '--text', 'a cat'),
    ])
    expect(headless).toMatchObject({ status: 2, stderr: expect.stringContaining('fastv:') })
    expect(untrained).toMatchObject({ status: 3, stderr: expect.stringContaining('notellm-2:weights=FOLDER') })
    expect(uneven).toMatchObject({ status: 2, stderr: expect.stringContaining('there are 1 and 2') })
    expect(dual).toMatchObject({ status: 2, stderr: expect.stringContaining('clip embeds images and texts apart') })
  })

  it('is described by models info', async () => {
    const { stdout } = await fovea('models', 'info', folder, '--json')
    expect(JSON.parse(stdout)).toMatchObject({ modelType: 'clip', family: 'clip' })
  })
})
