/** Methods that act across the frames of a video within the encoder. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { picture } from '../tiny-model.ts'

describe('EarlyTom on a video', () => {
  let model: Model
  beforeAll(async () => {
    const folder = fileURLToPath(new URL('../../fixtures/families/llava-onevision-video', import.meta.url))
    model = await loadModel(folder, { threads: 1 })
  })
  afterAll(() => model?.dispose())

  const frames = [1, 1, 1, 2].map((seed) => picture(seed, 56, 56))
  const videos = [{ frames, framesPerSecond: 1 }]
  const ask = (method: string) => model.generate({ prompt: 'what?', videos, method: parseMethod(method), maxTokens: 2 })

  it('merges frames that are alike', async () => {
    const [dense, merged] = [await ask('dense'), await ask('earlytom:depth=1,layers=0')]
    expect(merged.tokens.visual.after).toBeLessThan(dense.tokens.visual.after)
    expect(merged.text).toEqual(expect.any(String))
  })

  it('keeps the frames of several videos apart', async () => {
    const method = parseMethod('earlytom:depth=1,layers=0')
    const both = await model.generate({ prompt: 'what?', videos: [videos[0], videos[0]], method, maxTokens: 1 })
    const one = await model.generate({ prompt: 'what?', videos, method, maxTokens: 1 })
    expect(both.tokens.visual.after).toBe(2 * one.tokens.visual.after)
  })

  it('counts beforehand no less than is used', async () => {
    const method = parseMethod('earlytom:depth=1,layers=0')
    const counted = await model.count({ prompt: 'what?', videos, method })
    const used = await model.generate({ prompt: 'what?', videos, method, maxTokens: 1 })
    expect(counted.visual).toBeGreaterThanOrEqual(used.tokens.visual.after)
  })
})
