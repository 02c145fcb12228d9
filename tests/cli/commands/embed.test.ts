import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
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

  it('is described by models info', async () => {
    const { stdout } = await fovea('models', 'info', folder, '--json')
    expect(JSON.parse(stdout)).toMatchObject({ modelType: 'clip', family: 'clip' })
  })
})
