/** A LLaVA with a pooling stride: frames and several pictures come as one token for so many patches squared. */
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import { llava } from '../../../src/models/vlm/llava.ts'
import { createScope } from '../../../src/nn/index.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { see } from '../../../src/pipeline/flow/see.ts'
import { dense } from '../../../src/pipeline/method/compose.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { evaluate, input, mean, reshape, type Tensor } from '../../../src/tensor/index.ts'
import { ndarray } from '../../../src/tensor/ndarray.ts'
import { special } from '../../../src/training/mini/tokenizer.ts'
import { Rng } from '../../../src/world/rng.ts'
import { writeRandomModel } from '../../pipeline/random-model.ts'
import { PATCHES, picture, tinyConfig } from '../../pipeline/tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'fovea-frames-'))
const frames = [1, 2, 3].map((seed) => picture(seed))
const video = { frames, framesPerSecond: 2 }
let model: Model

beforeAll(async () => {
  await writeRandomModel(folder, (vocabulary) => ({ ...tinyConfig(vocabulary), spatial_pool_stride: 2 }))
  model = await loadModel(folder, { threads: 1 })
})
afterAll(async () => {
  await model?.dispose()
  await rm(folder, { recursive: true })
})

it('says the second of each frame before its tokens', async () => {
  const prompts: number[][] = []
  const onPrefill = (ids: readonly number[]) => prompts.push([...ids])
  const { tokens } = await model.generate({ prompt: 'what?', videos: [video], maxTokens: 1, onPrefill })
  const marks = ['0', '0.5', '1'].flatMap((mark) => [
    ...model.parts.tokenizer.encode(mark),
    ...Array(PATCHES / 4).fill(special.image),
  ])
  expect(prompts[0].slice(0, marks.length)).toEqual(marks)
  expect(prompts[0][marks.length]).toBe(special.user)
  expect(tokens.visual.after).toBe((3 * PATCHES) / 4)
})

it('pools each of several pictures, and a single one not', async () => {
  const ask = async (count: number) =>
    (await model.generate({ prompt: 'what?', images: frames.slice(0, count), maxTokens: 1 })).tokens.visual.after
  expect([await ask(1), await ask(2), await ask(3)]).toEqual([PATCHES, PATCHES / 2, (3 * PATCHES) / 4])
})

it('counts beforehand what is used', async () => {
  const request = { prompt: 'what?', videos: [video] }
  const counted = await model.count(request)
  const { tokens } = await model.generate({ ...request, maxTokens: 1 })
  expect(counted.visual).toBe(tokens.visual.after)
})

it('leaves the number of tokens to a method that chooses patches', async () => {
  const method = parseMethod('visionzip:keep=.5')
  const { tokens } = await model.generate({ prompt: 'what?', videos: [video], method, maxTokens: 1 })
  expect(tokens.visual.after).toBe((3 * PATCHES) / 2)
})

it('tells which token each patch went into', async () => {
  const whole = await model.encode(frames[0])
  const pooled = await model.encodeVideo({ frames: [frames[0]], framesPerSecond: 1 })
  expect(pooled.views[0].embeds.dims[0]).toBe(PATCHES / 4)
  expect(Array.from(pooled.views[0].owner, Number)).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3])
  expect(whole.views[0].embeds.dims[0]).toBe(PATCHES)
})

it('connects the mean of the patches that a token stands for, and refuses squares that do not fit', () => {
  const architecture = llava.bind(tinyConfig(64))
  const p = createScope()
  const patches = input('patches', [1, PATCHES, 32])
  const features = { layers: [], patches, special: 1, grid: { rows: 4, columns: 4 } }
  const { states } = see(p, architecture, dense, { features, pool: 2 })
  const means = reshape(mean(reshape(patches, [1, 2, 2, 2, 2, 32]), [2, 4]), [1, 4, 32])
  const expected = architecture.vision.connect(p, means, { vision: features }) as Tensor
  const rng = Rng.from(1, 'pooled')
  const given = new Map(
    [...p.parameters.values(), patches].map((leaf) => {
      const shape = leaf.shape.map(Number)
      return [
        leaf,
        ndarray(
          shape,
          Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal()),
        ),
      ] as const
    }),
  )
  const [found, wanted] = evaluate([states, expected], given)
  expect(found.data).toEqual(wanted.data)
  expect(() => see(createScope(), architecture, dense, { features, pool: 3 })).toThrow(
    'llava pools 3 x 3 patches, which 4 x 4 patches cannot be cut into',
  )
})
