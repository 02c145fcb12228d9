/** Adapters in PEFT's form against its formula, W + (lora_alpha / r) B A, computed here by hand. */
import { mkdtempSync, rmSync } from 'node:fs'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openSafetensors, saveSafetensors, type TensorData } from '../../src/checkpoints/safetensors.ts'
import { loadModel } from '../../src/loading/node-load.ts'
import { parseMethod } from '../../src/papers/methods.ts'
import type { Model } from '../../src/pipeline/model.ts'
import { LAYERS, prefill, writeTinyModel } from '../pipeline/tiny-model.ts'
import { ownCache } from '../quantization/cache-folder.ts'

ownCache()
const root = mkdtempSync(join(tmpdir(), 'fovea-peft-'))
const [base, adapter] = [join(root, 'base'), join(root, 'adapter')]
let model: Model
beforeAll(async () => {
  await writeTinyModel(base)
  model = await loadModel(base, { threads: 1 })
})
afterEach(() => rmSync(adapter, { recursive: true, force: true }))
afterAll(async () => {
  await model.dispose()
  rmSync(root, { recursive: true, force: true })
})

const RANK = 3
const numbers = (rows: number, columns: number, seed: number): Float32Array =>
  Float32Array.from({ length: rows * columns }, (_, at) => 0.3 * Math.sin(7 * seed + at))

interface Pair {
  readonly module: string
  readonly A: Float32Array
  readonly B: Float32Array
}

/** Query and value projections, as PEFT has them by default. */
const pairs: readonly Pair[] = Array.from({ length: LAYERS }, (_, layer) =>
  (['q_proj', 'v_proj'] as const).map((name, at): Pair => {
    const rows = name === 'q_proj' ? 32 : 16
    const module = `language_model.model.layers.${layer}.self_attn.${name}`
    return { module, A: numbers(RANK, 32, 2 * layer + at), B: numbers(rows, RANK, 50 + 2 * layer + at) }
  }),
).flat()

const CONFIG = { peft_type: 'LORA', r: RANK, lora_alpha: 6, target_modules: ['q_proj', 'v_proj'], bias: 'none' }

async function write(
  config: Record<string, unknown> = CONFIG,
  nameOf = (module: string) => module,
  more: Record<string, TensorData> = {},
): Promise<void> {
  await mkdir(adapter, { recursive: true })
  const tensors = pairs.flatMap(({ module, A, B }): [string, TensorData][] => [
    [`base_model.model.${nameOf(module)}.lora_A.weight`, { dtype: 'F32', shape: [RANK, 32], data: A }],
    [`base_model.model.${nameOf(module)}.lora_B.weight`, { dtype: 'F32', shape: [B.length / RANK, RANK], data: B }],
  ])
  await saveSafetensors(join(adapter, 'adapter_model.safetensors'), new Map([...tensors, ...Object.entries(more)]))
  await writeFile(join(adapter, 'adapter_config.json'), JSON.stringify(config))
}

/** Logits of the base with the products added to its own matrices. */
async function merged(scale: number): Promise<Float32Array> {
  const folder = join(root, `merged-${scale}`)
  await cp(base, folder, { recursive: true })
  const file = await openSafetensors(join(base, 'model.safetensors'))
  const tensors = new Map<string, TensorData>()
  for (const [name, { dtype, shape }] of file.tensors) {
    const data = new Float32Array((await file.read(name)).buffer)
    const pair = pairs.find(({ module }) => `${module}.weight` === name)
    if (pair) addProduct(data, pair, scale)
    expect(dtype).toBe('F32')
    tensors.set(name, { dtype, shape, data })
  }
  await saveSafetensors(join(folder, 'model.safetensors'), tensors)
  const other = await loadModel(folder, { threads: 1 })
  const { logits } = await prefill(other)
  await other.dispose()
  return logits
}

function addProduct(W: Float32Array, { A, B }: Pair, scale: number): void {
  for (let row = 0; row < B.length / RANK; row++)
    for (let column = 0; column < 32; column++)
      for (let i = 0; i < RANK; i++) W[row * 32 + column] += scale * B[row * RANK + i] * A[i * 32 + column]
}

const logits = async (text: string) => (await prefill(model, { method: parseMethod(text) })).logits
const change = (a: Float32Array, b: Float32Array) => Math.max(...a.map((value, at) => Math.abs(value - b[at])))

describe('a folder of PEFT', () => {
  it('given as a model says what it is, and how it is used', async () => {
    await write()
    await expect(loadModel(adapter)).rejects.toMatchObject({
      code: 'config_missing',
      message: `${adapter}: this is a LoRA adapter, not a model; load its base, with the method lora:weights=${adapter}`,
    })
  })

  it('is used by lora:weights=FOLDER, its rank, scale and layers by its own', async () => {
    await write()
    const [found, expected, dense] = [
      await logits(`lora:weights=${adapter}`),
      await merged(2),
      (await prefill(model)).logits,
    ]
    expect(change(found, expected)).toBeLessThan(1e-4)
    expect(change(found, dense)).toBeGreaterThan(1e-2)
  })

  it('may name its layers as newer checkpoints do', async () => {
    await write(CONFIG, (module) => module.replace('language_model.model.', 'model.language_model.'))
    expect(change(await logits(`lora:weights=${adapter}`), await merged(2))).toBeLessThan(1e-4)
  })

  it('is scaled by the root of its rank where it says so', async () => {
    await write({ ...CONFIG, use_rslora: true })
    expect(change(await logits(`lora:weights=${adapter}`), await merged(6 / Math.sqrt(RANK)))).toBeLessThan(1e-4)
  })

  it('answers beside other methods', async () => {
    await write()
    const method = parseMethod(`visionzip:keep=.5+lora:weights=${adapter}`)
    expect(
      (await model.generate({ prompt: 'is there a star?', method, maxTokens: 2 })).tokens.generated,
    ).toBeGreaterThan(0)
  })
})

async function refusal(text = `lora:weights=${adapter}`): Promise<string> {
  const error = await logits(text).catch((cause) => cause)
  expect(error).toMatchObject({ name: 'FoveaError', kind: 'input' })
  expect(error.message).not.toContain('\n')
  return `${error.code}: ${error.message.replaceAll(root, 'ROOT')}`
}

describe('what is refused by name', () => {
  const advice = 'cannot be used; merge the adapter into its base with PEFT (merge_and_unload) and load that'
  it.each<[object, string]>([
    [{ use_dora: true }, `use_dora: DoRA, which scales the columns anew ${advice}`],
    [{ rank_pattern: { q_proj: 4 } }, `rank_pattern: ranks that differ from layer to layer ${advice}`],
    [{ alpha_pattern: { q_proj: 4 } }, `alpha_pattern: scales that differ from layer to layer ${advice}`],
    [{ modules_to_save: ['lm_head'] }, `modules_to_save: whole layers that were trained, too ${advice}`],
    [{ bias: 'all' }, `bias: biases that were trained, too ${advice}`],
    [{ fan_in_fan_out: true }, `fan_in_fan_out: transposed weights ${advice}`],
    [{ peft_type: 'IA3' }, 'adapters of type IA3 are not read; LORA is'],
  ])('%j', async (more, message) => {
    await write({ ...CONFIG, ...more, target_parameters: null, layer_replication: [] })
    expect(await refusal()).toBe(`adapter_unsupported: ROOT/adapter/adapter_config.json: ${message}`)
  })

  it('weights that are no pairs of linear layers, and halves of pairs', async () => {
    const data = { dtype: 'F32', shape: [2], data: new Float32Array(2) } as const
    await write(CONFIG, undefined, { 'base_model.model.lm_head.lora_embedding_A': data })
    expect(await refusal()).toBe(
      'adapter_unsupported: ROOT/adapter/adapter_model.safetensors: base_model.model.lm_head.lora_embedding_A is no half of a pair for a linear layer',
    )
    const half = { dtype: 'F32', shape: [RANK, 32], data: new Float32Array(RANK * 32) } as const
    await write(CONFIG, undefined, {
      'base_model.model.language_model.model.layers.0.self_attn.k_proj.lora_A.weight': half,
    })
    expect(await refusal()).toMatch(/layers\.0\.self_attn\.k_proj has lora_A alone$/)
  })

  it('another rank than its weights have, and options that it was not trained with', async () => {
    await write({ ...CONFIG, r: 8 })
    expect(await refusal()).toMatch(/lora_[AB]\.weight has the shape \[.*\], which is not of rank 8$/)
    await write()
    expect(await refusal(`lora:rank=8,weights=${adapter}`)).toMatch(
      /adapter_mismatch: .* was trained with rank=3, not rank=8; ask for that$/,
    )
  })

  it('layers that the model does not have, and other methods', async () => {
    await write(CONFIG, (module) => module.replace('layers', 'blocks'))
    expect(await refusal()).toMatch(/^adapter_missing: .* lacks method\.lora\.language_model\.model\.layers\.0/)
    await write(CONFIG, (module) => module.replace('language_model.model', 'vision_tower'))
    expect(await refusal()).toMatch(/^adapter_(unused|missing): /)
    await write()
    expect(await refusal(`mqt:m=4,weights=${adapter}`)).toBe(
      'adapter_mismatch: ROOT/adapter: adapter_config.json says that these are weights of lora, not of mqt',
    )
  })

  it('pickled weights, and none', async () => {
    await mkdir(adapter, { recursive: true })
    await writeFile(join(adapter, 'adapter_config.json'), JSON.stringify(CONFIG))
    expect(await refusal()).toBe('adapter_invalid: ROOT/adapter: it lacks adapter_model.safetensors')
    await writeFile(join(adapter, 'adapter_model.bin'), 'x')
    expect(await refusal()).toMatch(/^checkpoint_pickle: ROOT\/adapter: it holds only pickle weights/)
  })
})
