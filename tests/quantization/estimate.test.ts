import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeFailure } from '../../src/cli/failure.ts'
import { loadModel } from '../../src/evaluation/load-model.ts'
import { llava } from '../../src/models/vlm/llava.ts'
import { precisionLine } from '../../src/pipeline/precision-report.ts'
import { estimateMemory } from '../../src/quantization/estimate.ts'
import { assertFits } from '../../src/quantization/node-memory.ts'
import { planWeights } from '../../src/quantization/plan.ts'
import { tinyConfig, writeTinyModel } from '../pipeline/tiny-model.ts'
import { ownCache } from './cache-folder.ts'

ownCache()

/** LLaVA 1.5 7B. */
const llava7b = llava.bind({
  model_type: 'llava',
  vision_config: {
    model_type: 'clip_vision_model',
    hidden_size: 1024,
    intermediate_size: 4096,
    num_hidden_layers: 24,
    num_attention_heads: 16,
    image_size: 336,
    patch_size: 14,
  },
  text_config: {
    model_type: 'llama',
    vocab_size: 32064,
    hidden_size: 4096,
    intermediate_size: 11008,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 32,
  },
})

describe('a model of 7 billion weights', () => {
  it('has every weight in its plan once', () => {
    const { layers, others } = planWeights(llava7b, 'int8')
    const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)
    const total = layers.reduce((sum, { k, n }) => sum + k * n, 0) + others.reduce((sum, o) => sum + count(o.shape), 0)
    expect(total / 1e9).toBeCloseTo(7.06, 1)
    expect(layers.filter(({ group }) => group === layers.find((l) => l.weight.includes('q_proj'))!.group)).toHaveLength(
      3,
    )
  })

  it('needs what its weights, context and intermediate results add up to', () => {
    const gigabytes = (precision: 'fp32' | 'int8' | 'int4') => estimateMemory(llava7b, precision).weights / 1e9
    expect(gigabytes('fp32')).toBeCloseTo(42.3, 0)
    expect(gigabytes('int8')).toBeCloseTo(7.2, 0)
    expect(gigabytes('int4')).toBeCloseTo(6.4, 0)
    // 32 layers, keys and values, 4096 wide, f32: 1 MiB a token.
    expect(estimateMemory(llava7b, 'int8', { context: 1000 }).cache).toBe(32 * 2 * 4096 * 4 * 1000)
    const { weights, cache, work, base, total } = estimateMemory(llava7b, 'int4', { context: 4096 })
    expect(total).toBe(weights + cache + work + base)
  })

  it('is refused where it does not fit, with the numbers and what to do', () => {
    const [fp32, int8, int4] = (['fp32', 'int8', 'int4'] as const).map((p) => estimateMemory(llava7b, p))
    const refusal = (memory: number) => {
      try {
        assertFits('llava', fp32, [int8, int4], memory)
      } catch (error) {
        return describeFailure(error)
      }
    }
    expect(refusal(60e9)).toBeUndefined()
    expect(refusal(20e9)?.message).toMatch(
      /^llava: fp32 needs 4\d\.\d GB \(weights 42\.\d GB, context 2\.1 GB\), but 20\.0 GB are free; --dtype int8 needs \d+\.\d GB$/,
    )
    expect(refusal(2e9)).toMatchObject({ exitCode: 5 })
    expect(refusal(2e9)?.message).toContain('take a smaller model (int4 needs')
  })
})

describe('auto', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fovea-auto-'))
  beforeAll(() => writeTinyModel(folder))
  afterAll(() => rmSync(folder, { recursive: true }))

  const architecture = llava.bind(tinyConfig(400))
  const load = async (memory?: number) => {
    const model = await loadModel(folder, { dtype: 'auto', threads: 1, memory })
    await model.dispose()
    return model.parts.precision
  }
  const total = (precision: 'int8' | 'int4') => estimateMemory(architecture, precision, { storedBytes: 4 }).total

  it('leaves a small model as it is', async () => {
    expect(precisionLine(await load())).toMatch(/^fp32 \(auto: a small model of [\d.]+ M parameters\)$/)
  })

  it('takes the largest that fits, and says why', async () => {
    const vocabularySlack = 100e3
    const eight = await load(total('int8') + vocabularySlack)
    expect(eight.dtype).toBe('int8')
    expect(precisionLine(eight)).toMatch(/^int8 \(auto: [\d.]+ M parameters, \d+ MB are free\)/)
    await expect(load(1e6)).rejects.toMatchObject({ code: 'memory_short', kind: 'resource' })
  })
})
