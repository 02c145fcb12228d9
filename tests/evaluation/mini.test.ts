import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { summarise } from '../../src/evaluation/summary.ts'
import { evaluateWorld } from '../../src/evaluation/world.ts'
import { loadModel } from '../../src/loading/node-load.ts'
import { readImage } from '../../src/media/read-image.ts'
import { parseMethod } from '../../src/papers/methods.ts'
import type { Model } from '../../src/pipeline/model.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

describe('the committed fovea-mini', () => {
  let model: Model
  beforeAll(async () => {
    model = await loadModel(`${root}models/fovea-mini`)
  })
  afterAll(() => model?.dispose())

  it('answers held-out questions by looking', async () => {
    const rows = await evaluateWorld({ model, set: 'world', split: 'validation', seed: 11, n: 8 })
    const { average } = summarise(rows)
    expect(average.accuracy.share).toBeGreaterThan(0.88)
    expect(average.blind).toBeLessThan(0.45)
    expect(average.accuracy.share).toBeGreaterThan(average.majority + 0.2)
  })

  it('answers the question of the README, also with a quarter of the tokens', async () => {
    const images = [await readImage(`${root}examples/scene.png`)]
    for (const method of ['dense', 'visionzip:keep=.25']) {
      const reply = await model.generate({ prompt: 'what color is the star?', images, method: parseMethod(method) })
      expect(reply.text).toBe('yellow')
      expect(reply.tokens.visual.after).toBe(method === 'dense' ? 144 : 36)
    }
  })
})
