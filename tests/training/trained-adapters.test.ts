/** The adapters that are committed load on fovea-mini and answer. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/loading/node-load.ts'
import { parseMethod } from '../../src/papers/methods.ts'
import type { Model } from '../../src/pipeline/model.ts'
import { imageOf } from '../../src/training/mini/data.ts'
import { sample } from '../../src/world/index.ts'

const folder = 'models/fovea-mini/methods'
const ids = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
let model: Model
beforeAll(async () => {
  model = await loadModel('models/fovea-mini', { threads: 1 })
})
afterAll(() => model.dispose())

/** Answers to questions about held-out scenes, and how many are right. */
async function answer(method: string, task: string, count: number) {
  const texts: string[] = []
  let right = 0
  let last = 0
  for (let index = 0; index < count; index++) {
    const { scene, qa } = sample({ split: 'test', seed: 1, index, task })
    const reply = await model.generate({ prompt: qa.question, images: [imageOf(scene)], method: parseMethod(method) })
    texts.push(reply.text)
    right += Number(reply.text.trim().toLowerCase() === qa.answer.toLowerCase())
    last = reply.tokens.visual.last
  }
  return { texts, right, last }
}

describe.each(ids.map(({ name }) => name))('the adapter of %s', (id) => {
  it('is below 1 MB and bound to fovea-mini', async () => {
    expect(statSync(join(folder, id, 'adapter.safetensors')).size).toBeLessThan(1e6)
    const card = JSON.parse(readFileSync(join(folder, id, 'adapter.json'), 'utf8'))
    expect(card).toMatchObject({ format: 1, id, base: await model.parts.adapters!.identity() })
  })
})

describe('trained on fovea-mini', () => {
  it('mqt answers from as many tokens as it is given, in words of the task', async () => {
    const { right, last, texts } = await answer('mqt:m=16', 'size', 12)
    expect(last).toBe(16)
    expect(right).toBeGreaterThanOrEqual(5)
    expect(texts.every((text) => /^[a-z]+$/.test(text))).toBe(true)
    expect((await answer('mqt', 'size', 1)).last).toBe(64)
  })

  it('lora answers what fovea-mini answers', async () => {
    const { right, last } = await answer('lora', 'color', 12)
    expect(last).toBe(144)
    expect(right).toBeGreaterThanOrEqual(11)
  })
})
