import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { compose, dense } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { largestDifference, picture } from '../tiny-model.ts'

const root = new URL('../../fixtures/families/', import.meta.url).pathname

async function logitsUnder(model: Model, method: Method): Promise<Float32Array> {
  const stream = await model.watch({ method })
  for (const seed of [1, 2, 3]) await stream.see(picture(seed, 56, 56))
  let logits = new Float32Array(0)
  const onPrefill = (_: unknown, found: Float32Array) => {
    logits = Float32Array.from(found)
  }
  await stream.ask('what is this?', { maxTokens: 2, onPrefill })
  await stream.close()
  return logits
}

const stored = compose({ name: 'stored', needs: { store: {} } })

describe('a store of everything is the ordinary cache', () => {
  it.each([
    ['llava', [stored, parseMethod('rekv')]],
    ['llava-mistral', [stored, parseMethod('rekv')]],
    ['llava-onevision', [stored, parseMethod('rekv')]],
    ['internvl', [stored, parseMethod('rekv')]],
    ['smolvlm', [stored, parseMethod('rekv')]],
    ['qwen2-vl', [stored, parseMethod('rekv')]],
    ['gemma3', [stored, parseMethod('rekv')]],
    ['qwen3-vl', [stored]],
  ])('in a stream to %s', async (family, methods) => {
    const model = await loadModel(join(root, family), { threads: 1 })
    const expected = await logitsUnder(model, dense)
    for (const method of methods)
      expect(largestDifference(await logitsUnder(model, method), expected)).toBeLessThan(1e-4)
    await model.dispose()
  })

  it.each([
    ['blip-2', dense, 'stream_unsupported'],
    ['paligemma', dense, 'stream_unsupported'],
    ['idefics3', dense, 'stream_unsupported'],
    ['llava-dinov2', parseMethod('stc'), 'method_unfit'],
  ])('%s refuses what it cannot do', async (family, method, code) => {
    const model = await loadModel(join(root, family), { threads: 1 })
    await expect(logitsUnder(model, method)).rejects.toMatchObject({ code })
    await model.dispose()
  })
})
