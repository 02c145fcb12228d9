import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localSource } from '../../../src/hub/model-source.ts'
import { loadModel } from '../../../src/loading/node-load.ts'
import { readModel } from '../../../src/loading/node-read-model.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { observedInputs } from '../../../src/quantization/schemes/calibrate.ts'
import { layerGroups } from '../../../src/quantization/schemes/layer-groups.ts'
import { quantizeFolder } from '../../../src/quantization/schemes/node-quantize-folder.ts'
import type { Scheme } from '../../../src/quantization/schemes/scheme.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { largestDifference, picture } from '../../pipeline/tiny-model.ts'
import { ownCache } from '../cache-folder.ts'

ownCache()

const folder = fileURLToPath(new URL('../../fixtures/families/llava', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'fovea-quantize-'))
const samples = [1, 2, 3].map((seed) => ({ image: picture(seed, 56, 56), prompt: 'what is it?' }))

async function logitsOf(name: string, dtype: 'fp32' | 'int4' = 'fp32', method = 'dense') {
  const model = await loadModel(name, { threads: 1, dtype })
  try {
    let logits: number[] = []
    const onPrefill = (_: unknown, found: Float32Array) => (logits = [...found])
    const { prompt } = samples[0]
    await model.generate({ prompt, images: [samples[0].image], maxTokens: 1, onPrefill, method: parseMethod(method) })
    return logits
  } finally {
    await model.dispose()
  }
}

describe('a folder in 4 bits', () => {
  let described: Awaited<ReturnType<typeof readModel>>
  let statistics: Awaited<ReturnType<typeof observedInputs>>
  beforeAll(async () => {
    described = await readModel(await localSource(folder))
    const model = await loadModel(folder, { threads: 1 })
    statistics = await observedInputs(model, samples, new NodeBackend())
    await model.dispose()
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  const made = (scheme: Scheme, out: string) => {
    const { architecture, stored } = described
    return quantizeFolder({ folder, out: join(root, out), architecture, stored, scheme, bits: 4, statistics })
  }
  const total = (errors: Readonly<Record<string, number>>) => Object.values(errors).reduce((a, b) => a + b, 0)

  it('holds the layers of the language model, and norms that can take over scales', () => {
    const groups = layerGroups(described.architecture, 4)
    const names = groups.flatMap(({ layers }) => layers.map(({ weight }) => weight))
    expect(names.length).toBeGreaterThan(0)
    expect(names.every((name) => /layers\.\d+\.(self_attn|mlp)/.test(name) && !name.includes('vision'))).toBe(true)
    expect(groups.some(({ norm }) => norm?.length === 1)).toBe(true)
  })

  it('loads as any other, in int4 nearly as it is in fp32, with any reducer; gptq and awq err less than rtn', async () => {
    const [rtn, gptq, awq] = [await made('rtn', 'rtn'), await made('gptq', 'gptq'), await made('awq', 'awq')]
    expect(total(gptq.errors)).toBeLessThan(total(rtn.errors))
    expect(total(awq.errors)).toBeLessThanOrEqual(total(rtn.errors))
    expect(awq.scaled).toBeGreaterThan(0)
    const out = join(root, 'gptq')
    expect(JSON.parse(await readFile(join(out, 'fovea_quantization.json'), 'utf8'))).toMatchObject({
      scheme: 'gptq',
      bits: 4,
    })
    const [dense, own] = [await logitsOf(folder), await logitsOf(out)]
    expect(largestDifference(own, dense)).toBeGreaterThan(0)
    expect((await logitsOf(out, 'int4', 'fastv:layer=1,keep=.25')).every(Number.isFinite)).toBe(true)
  })

  it('is the same model where scales alone moved: smoothquant leaves the products as they were', async () => {
    const { scaled, layers } = await made('smoothquant', 'smooth')
    expect(scaled).toBeGreaterThan(0)
    expect(scaled).toBeLessThan(layers)
    expect((await logitsOf(join(root, 'smooth'))).every(Number.isFinite)).toBe(true)
  })

  it('does not write over a folder', async () => {
    await expect(made('rtn', 'rtn')).rejects.toMatchObject({ code: 'folder_exists' })
  })
})
