import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readImage } from '../../src/media/read-image.ts'
import type { Model } from '../../src/pipeline/model.ts'
import { loadModel } from '../../src/pipeline/node-load.ts'
import { pixelsOf } from '../../src/pipeline/vision-program.ts'

/** Recorded by tests/fixtures/make_families.py from Hugging Face transformers. */
interface Case {
  images: string[]
  ids: number[]
  pixels?: string
  features?: string
  logits: string
  greedy: number[]
}

const root = new URL('../fixtures/families/', import.meta.url).pathname

const floats = (base64: string): Float32Array => {
  const bytes = Buffer.from(base64, 'base64')
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

/** Largest difference, relative to the largest value. */
function distance(actual: ArrayLike<number>, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length)
  const scale = expected.reduce((top, value) => Math.max(top, Math.abs(value)), 0)
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - actual[i])), 0) / scale
}

describe.each(readdirSync(root))('%s agrees with transformers', (family) => {
  const folder = join(root, family)
  const cases: Case[] = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')).cases
  let model: Model
  beforeAll(async () => {
    model = await loadModel(folder, { threads: 1 })
  })
  afterAll(() => model?.dispose())

  it.each(cases.map((each) => [each.images.join(' and ') || 'text only', each] as const))('%s', async (_, expected) => {
    const images = await Promise.all(expected.images.map((name) => readImage(join(folder, name))))
    if (expected.pixels) {
      const pixels = images.flatMap((image) =>
        model.parts.architecture.views(image).flatMap((view) => Array.from(pixelsOf(view, model.parts.preprocessor))),
      )
      expect(distance(pixels, floats(expected.pixels))).toBeLessThan(1e-6)
    }
    if (expected.features) {
      const encoded = await Promise.all(images.map((image) => model.encode(image)))
      const features = encoded.flatMap((image) => image.views.flatMap((view) => Array.from(view.embeds.data)))
      expect(distance(features, floats(expected.features))).toBeLessThan(1e-4)
    }
    const seen = { ids: [] as readonly number[], logits: new Float32Array(), greedy: [] as number[] }
    await model.generate({
      prompt: 'what color is the star?',
      images,
      maxTokens: 12,
      ignoreEos: true,
      onPrefill: (ids, logits) => Object.assign(seen, { ids, logits }),
      onToken: (id) => seen.greedy.push(id),
    })
    expect(seen.ids).toEqual(expected.ids)
    expect(distance(seen.logits, floats(expected.logits))).toBeLessThan(1e-4)
    expect(seen.greedy).toEqual(expected.greedy)
  })
})
