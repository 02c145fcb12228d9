import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScope, type Scope } from '../../../src/nn/index.ts'
import { buildMethod, parseMethod } from '../../../src/papers/methods.ts'
import type { Lab } from '../../../src/papers/reports/lab.ts'
import { watchModel } from '../../../src/papers/reports/watched-model.ts'
import { checks } from '../../../src/papers/training/llm-vem/checks.ts'
import { encoded, rankOne, SUBJECTS, VOXELS, voxelsOf } from '../../../src/papers/training/llm-vem/head.ts'
import { alignment, maskedError } from '../../../src/papers/training/llm-vem/loss.ts'
import { challengeScore, identityRanks } from '../../../src/papers/training/llm-vem/rank.ts'
import { headStage, sameScene, tuneStage } from '../../../src/papers/training/llm-vem/stages.ts'
import {
  captionOfShapes,
  cortexOf,
  groupPca,
  picturesOf,
  trialsOf,
} from '../../../src/papers/training/llm-vem/trials.ts'
import { llmVem } from '../../../src/papers/training/llm-vem.ts'
import { see } from '../../../src/pipeline/flow/see.ts'
import { compose } from '../../../src/pipeline/method/compose.ts'
import { weightsUnder } from '../../../src/pipeline/method/own-weights.ts'
import { compile } from '../../../src/runtime/index.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { constant, evaluate, type Tensor } from '../../../src/tensor/index.ts'
import { featureBank } from '../../../src/training/feature-bank.ts'
import { inputsOf, keptPictures } from '../../../src/training/kept-pictures.ts'
import { imageOf } from '../../../src/training/mini/data.ts'
import { makeScene } from '../../../src/world/index.ts'
import { largestDifference, picture, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { withRandomAdapter } from '../random-adapter.ts'
import { trainTiny } from '../trained.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const numbers = (x: Tensor): number[] => Array.from(evaluate([x], new Map())[0].data, Number)
const sceneOf = (index: number) => makeScene({ split: 'train', seed: 5, index })

it('holds every exact check', async () => {
  for await (const { name, value } of checks({ seed: 1 } as Lab)) expect(value, name).toBe(0)
})

describe('the head', () => {
  it('is the rank-one map of an example worked by hand', () => {
    // two tokens, two channels, one output: 1 (1 + 2 * 2) + 10 (3 + 2 * 4)
    const z = rankOne(constant([1, 2, 3, 4], [1, 2, 2]), constant([1, 10], [1, 2]), constant([1, 2], [1, 2]))
    expect(numbers(z)).toEqual([115])
  })

  it('says voxels of a picture, the mean of several pictures, and another embedding beside them only with a text loss', async () => {
    const said = async (text: string, images = [picture(1)]) => {
      const watched = watchModel(tiny.model)
      const method = withRandomAdapter(tiny.model.parts.architecture, parseMethod(text))
      await watched.model.generate({ prompt: 'a', images, method, maxTokens: 0 })
      return watched.runs[0].heads
    }
    const [own, other, both] = [
      await said('llm-vem'),
      await said('llm-vem', [picture(2)]),
      await said('llm-vem', [picture(1), picture(2)]),
    ]
    expect(own.voxels.dims).toEqual([1, SUBJECTS, VOXELS])
    expect(own.voxels.data).not.toEqual(other.voxels.data)
    for (const at of [0, 57]) {
      const mean = (Number(own.voxels.data[at]) + Number(other.voxels.data[at])) / 2
      expect(Number(both.voxels.data[at])).toBeCloseTo(mean, 3)
    }
    const plain = await said('llm-vem:lambda=0')
    expect(Object.keys(plain)).toEqual(['voxels'])
    expect(Object.keys(own).sort()).toEqual(['embedding', 'voxels'])
    expect(plain.voxels.data).toEqual(own.voxels.data) // the text branch is not read
  })
})

describe('losses', () => {
  it('count only what a subject has', () => {
    expect(numbers(maskedError(constant([1, 5], [1, 2]), constant([3, 0], [1, 2]), constant([1, 0], [1, 2])))).toEqual([
      4,
    ])
    expect(numbers(maskedError(constant([1], [1, 1]), constant([3], [1, 1]), constant([0], [1, 1])))).toEqual([0])
  })

  it('are log(1 + 1/e) for two orthonormal pairs, and 0 for the positive form', () => {
    const unit = constant([1, 0, 0, 1], [2, 2])
    const none = constant([0, 0, 0, 0], [2, 2])
    expect(numbers(alignment(unit, unit, none, { align: 'contrastive', tau: 1 }))[0]).toBeCloseTo(0.3133, 4)
    expect(numbers(alignment(unit, unit, none, { align: 'positive', tau: 1 }))[0]).toBeCloseTo(0, 6)
    const turned = constant([0, 1, 1, 0], [2, 2])
    expect(numbers(alignment(unit, turned, none, { align: 'contrastive', tau: 1 }))[0]).toBeCloseTo(
      Math.log(1 + Math.E),
      4,
    )
    const same = constant(sameScene([7, 7]), [2, 2])
    expect(numbers(alignment(unit, turned, same, { align: 'contrastive', tau: 1 }))[0]).toBeCloseTo(0, 6)
  })

  it('mark trials of one picture, never a trial with itself', () => {
    expect([...sameScene([4, 9, 4])]).toEqual([0, 0, 1, 0, 0, 0, 1, 0, 0])
  })
})

describe('voxels', () => {
  it('of one picture in ten are measured in every subject, of the others in one', () => {
    const pictures = picturesOf(sceneOf, 60, 20)
    expect(pictures.every((index) => sceneOf(index).kind === 'objects')).toBe(true)
    const trials = trialsOf(cortexOf(1), pictures, sceneOf)
    expect(trials).toHaveLength(18 + 2 * SUBJECTS)
    expect(trials.filter(({ scene }) => scene === pictures[10]).map(({ subject }) => subject)).toEqual([0, 1, 2, 3])
  })

  it('that a subject lacks count as the mean of the others', () => {
    const [rows, present] = [
      [
        [1, 2],
        [3, 0],
        [5, 4],
      ],
      [
        [1, 1],
        [1, 0],
        [1, 1],
      ],
    ]
    expect(groupPca(rows, present, 2).mean).toEqual([3, 3])
  })

  it('are told of in words that name each shape with its colour', () => {
    const { objects } = makeScene({ split: 'train', seed: 5, index: 0, kind: 'objects' })
    expect(captionOfShapes({ objects: objects.slice(0, 1) })).toBe(`${objects[0].color} ${objects[0].shape}`)
    expect(captionOfShapes({ objects: [] })).toBe('nothing')
  })

  it('are scored by squared correlation over the ceiling, nothing for what runs against', () => {
    expect(challengeScore([0.6, -0.6], [0.72, 0.5])).toBeCloseTo(25, 9)
    expect(challengeScore([1, 1], [0, 1e-4])).toBe(0)
    const rows = [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]
    expect(identityRanks(rows, rows)).toEqual([1, 1, 1])
    expect(identityRanks([rows[1]], rows)).toEqual([2])
  })
})

it('training reads of kept features what answering reads of the picture', async () => {
  const { parts } = tiny.model
  const method = withRandomAdapter(parts.architecture, parseMethod('llm-vem:lambda=0'))
  const before = process.env.FOVEA_CACHE
  const cache = mkdtempSync(join(tmpdir(), 'fovea-llm-vem-'))
  process.env.FOVEA_CACHE = cache
  const backend = new NodeBackend()
  try {
    const plain = compose({ name: 'plain' })
    const own = (p: Scope) => p.at('method', 'llm-vem')
    const traced = (p: Scope) => {
      const tokens = see(p, parts.architecture, plain, keptPictures(parts.architecture, plain, 1))
      return voxelsOf(own(p), encoded(own(p), tokens, 64), 32)
    }
    const bank = await featureBank({
      backend,
      parts,
      scenes: 2,
      method: plain,
      inputs: inputsOf([traced(createScope())]),
    })
    const program = await compile(backend, { voxels: traced(createScope()) }, weightsUnder(method, parts.weights))
    const { values } = await program.run(bank.features([1]))
    await program.dispose()
    const watched = watchModel(tiny.model)
    await watched.model.generate({ prompt: 'a', images: [imageOf(bank.scene(1).scene)], method, maxTokens: 0 })
    const answered = Array.from(watched.runs[0].heads.voxels.data, Number)
    // features are kept in half precision
    expect(largestDifference(Array.from(values.voxels.data, Number), answered)).toBeLessThan(2e-2)
    expect(Math.max(...answered.map(Math.abs))).toBeGreaterThan(0.5)
  } finally {
    await backend.dispose()
    if (before === undefined) delete process.env.FOVEA_CACHE
    else process.env.FOVEA_CACHE = before
    rmSync(cache, { recursive: true })
  }
})

describe('the recipe', () => {
  const options = { ...llmVem.options!.parse({}), align: 'contrastive' } as never

  it('trains the head first, then the attention of the vision encoder too, and never the map of voxels', () => {
    const weights = [
      'method.llm-vem.shared',
      'method.llm-vem.loadings',
      'method.llm-vem.mean',
      'vision_tower.vision_model.encoder.layers.0.self_attn.q_proj.weight',
      'vision_tower.vision_model.encoder.layers.0.mlp.fc1.weight',
      'vision_tower.vision_model.embeddings.position_embedding.weight',
      'language_model.model.layers.0.self_attn.q_proj.weight',
    ]
    expect(weights.filter(headStage(options).trains)).toEqual(weights.slice(0, 1))
    expect(weights.filter(tuneStage(options).trains)).toEqual([weights[0], weights[3]])
  })

  it('runs both stages, reaches every weight, and writes an adapter that answers and embeds', {
    timeout: 240_000,
  }, async () => {
    const done = await trainTiny('llm-vem:hidden=8,components=4', ['head', 'tune'], { scenes: 4 })
    expect(done.losses.head).toHaveLength(3)
    expect(done.losses.head.every(Number.isFinite)).toBe(true)
    expect(done.trained.head.every((weight) => weight.startsWith('method.llm-vem.'))).toBe(true)
    expect(done.trained.tune.some((weight) => weight.includes('attn'))).toBe(true)
    expect(done.unreached).toEqual({ head: [], tune: [] })
    expect(done.embedding!.every(Number.isFinite)).toBe(true)
  })

  it('without a text loss has no weights for one', async () => {
    const { architecture } = tiny.model.parts
    const names = (lambda: number) => {
      const scope = createScope()
      headStage({ ...(options as object), lambda } as never).losses(scope, architecture, () => [])
      return [...scope.parameters.keys()].filter((name) => name.startsWith('method.'))
    }
    expect(names(0.01)).toContain('method.llm-vem.align')
    expect(names(0)).not.toContain('method.llm-vem.align')
    expect(() => buildMethod(llmVem, { components: 101 })).toThrow('option components')
  })
})
