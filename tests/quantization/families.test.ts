import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/evaluation/load-model.ts'
import type { RgbImage } from '../../src/media/image.ts'
import { readImage } from '../../src/media/read-image.ts'
import type { Precision } from '../../src/pipeline/precision-report.ts'
import { cosineOf } from '../../src/quantization/agreement.ts'
import { ownCache } from './cache-folder.ts'

ownCache()
const root = new URL('../fixtures/families/', import.meta.url).pathname
const PROMPT = 'what color is the star?'

/** Logits of the prompt, and 12 greedy tokens. */
async function answer(folder: string, image: RgbImage, dtype?: Precision) {
  const model = await loadModel(folder, { dtype, threads: 1 })
  let logits = new Float32Array()
  const greedy: number[] = []
  await model.generate({
    prompt: PROMPT,
    images: [image],
    maxTokens: 12,
    ignoreEos: true,
    onPrefill: (_, values) => {
      logits = values.slice()
    },
    onToken: (id) => greedy.push(id),
  })
  await model.dispose()
  return { logits, greedy, precision: model.parts.precision }
}

/** By how many standard deviations of the exact logits the chosen token lies below the best one. */
function regret(exact: Float32Array, chosen: Float32Array): number {
  const best = (values: Float32Array) => values.reduce((top, value, at) => (value > values[top] ? at : top), 0)
  const mean = exact.reduce((a, b) => a + b, 0) / exact.length
  const deviation = Math.sqrt(exact.reduce((sum, value) => sum + (value - mean) ** 2, 0) / exact.length)
  return (exact[best(exact)] - exact[best(chosen)]) / deviation
}

/**
 * Random weights are the hard case: nothing in them is redundant, so rounding errors add up undamped, and logits lie so
 * close together that a greedy answer parts ways at the first near-tie. So what must hold for every family is that the
 * logits point the same way (cosine), and that the token chosen is as good as the best one by the exact logits (regret,
 * in standard deviations). int8 is asked for what a trained model needs. For int4, 0.8 only says that no layer is
 * wrong: a layer that was mixed up, transposed or scaled twice gives a cosine near 0. What int4 costs a trained model is
 * measured on fovea-mini.
 */
const bounds = {
  int8: { cosine: 0.998, regret: 0.15 },
  int4: { cosine: 0.8, regret: 1.5 },
} as const

/** Share of 12 greedy tokens that are those of fp32, per family. */
const agreement: Record<'int8' | 'int4', number[]> = { int8: [], int4: [] }

describe.each(readdirSync(root))('%s', (family) => {
  it('is as exact as its dtype allows', async () => {
    const folder = join(root, family)
    const image = await readImage(join(folder, 'image-0.png'))
    const exact = await answer(folder, image)
    expect(exact.precision).toMatchObject({ dtype: 'fp32', layers: [] })
    for (const dtype of ['int8', 'int4'] as const) {
      const { logits, greedy, precision } = await answer(folder, image, dtype)
      expect(cosineOf(logits, exact.logits), dtype).toBeGreaterThan(bounds[dtype].cosine)
      expect(regret(exact.logits, logits), dtype).toBeLessThan(bounds[dtype].regret)
      expect(precision.dtype).toBe(dtype)
      expect(precision.layers.some(({ form }) => form === dtype)).toBe(true)
      // Nothing is calibrated by a load: every layer is in its smallest form.
      expect(precision).not.toHaveProperty('calibration')
      expect(precision.layers.every(({ errors }) => Object.keys(errors).length === 0)).toBe(true)
      agreement[dtype].push(greedy.filter((id, at) => id === exact.greedy[at]).length / greedy.length)
    }
  })
})

afterAll(() => {
  // Free-running answers: after the first other token all that follow differ, so this is a mean over families.
  const mean = (shares: number[]) => shares.reduce((a, b) => a + b, 0) / shares.length
  expect(mean(agreement.int8)).toBeGreaterThan(0.85)
  expect(mean(agreement.int4)).toBeGreaterThan(0.3)
})
