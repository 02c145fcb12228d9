import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ADAPTER_CARD, ADAPTER_WEIGHTS, saveAdapter } from '../../src/checkpoints/adapter-folder.ts'
import { adapterFolder } from '../../src/loading/node-adapters.ts'
import { loadModel } from '../../src/loading/node-load.ts'
import { parseMethod } from '../../src/papers/methods.ts'
import type { Model } from '../../src/pipeline/model.ts'
import { f32, type Value } from '../../src/runtime/index.ts'
import { LAYERS, picture, prefill, writeTinyModel } from '../pipeline/tiny-model.ts'
import { ownCache } from '../quantization/cache-folder.ts'

ownCache()
const root = mkdtempSync(join(tmpdir(), 'fovea-adapters-'))
const folder = join(root, 'tiny')
const elsewhere = join(root, 'elsewhere')
let model: Model
beforeAll(async () => {
  await writeTinyModel(folder)
  model = await loadModel(folder, { threads: 1 })
})
afterEach(() => {
  rmSync(join(folder, 'methods'), { recursive: true, force: true })
  rmSync(elsewhere, { recursive: true, force: true })
})
afterAll(async () => {
  await model.dispose()
  rmSync(root, { recursive: true, force: true })
})

const options = { rank: 2, alpha: 16, targets: 'q_proj' }
const TEXT = 'lora:rank=2,targets=q_proj'

/** Pairs for the query projections of the tiny model; B holds one number. */
function pairs(b: number, rank = 2): Map<string, Value> {
  const layer = (at: number) => `method.lora.language_model.model.layers.${at}.self_attn.q_proj`
  const filled = (shape: readonly number[], value: number) =>
    f32(
      shape,
      Float32Array.from({ length: shape[0] * shape[1] }, (_, at) => value * Math.cos(at)),
    )
  return new Map(
    Array.from({ length: LAYERS }, (_, at) => at).flatMap((at) => [
      [`${layer(at)}.lora_A.weight`, filled([rank, 32], 1)],
      [`${layer(at)}.lora_B.weight`, filled([32, rank], b)],
    ]),
  )
}

async function install(values = pairs(0.5), change: Partial<Parameters<typeof saveAdapter>[1]> = {}, at?: string) {
  const base = await model.parts.adapters!.identity()
  const place = at ?? adapterFolder(folder, 'lora')
  await saveAdapter(place, { id: 'lora', base, options, ...change }, values)
  return place
}

const logits = async (text = TEXT) => (await prefill(model, { method: parseMethod(text) })).logits

describe('an adapter', () => {
  it('is found beside its model, in half precision, and changes what it should', async () => {
    const place = await install(pairs(0.3333))
    expect(readFileSync(join(place, ADAPTER_WEIGHTS)).toString('latin1', 8, 200)).toContain('"dtype":"F16"')
    const dense = (await prefill(model)).logits
    expect(await logits()).not.toEqual(dense)
    await install(pairs(0))
    expect(await logits()).toEqual(dense)
  })

  it('is found in a folder that the method names, its own or that of a model', async () => {
    await install(pairs(0.5), {}, elsewhere)
    const named = await logits(`${TEXT},weights=${elsewhere}`)
    rmSync(elsewhere, { recursive: true })
    await install(pairs(0.5), {}, join(elsewhere, 'methods/lora'))
    expect(await logits(`${TEXT},weights=${elsewhere}`)).toEqual(named)
    await install(pairs(0.5))
    expect(await logits()).toEqual(named)
  })

  it('that was trained anew is used at once: programs and encoded pictures are kept under its hash', async () => {
    await install(pairs(0.5))
    const before = await logits()
    await install(pairs(-0.5))
    const after = await logits()
    expect(after).not.toEqual(before)
    await install(pairs(0.5))
    expect(await logits()).toEqual(before)
  })

  it('may replace weights of the model, under a method that leaves their side alone', async () => {
    const norm = 'language_model.model.norm.weight'
    await install(new Map([[norm, f32([32], new Float32Array(32))]]), { id: 'random', options: {} }, elsewhere)
    expect(new Set(await logits(`random:keep=1,weights=${elsewhere}`))).toEqual(new Set([0]))
  })

  it('works in a quantized model; layers that it replaces are not taken from the quantized table', async () => {
    const quantized = await loadModel(folder, { threads: 1, dtype: 'int8' })
    const run = async (text: string) => (await prefill(quantized, { method: parseMethod(text) })).logits
    try {
      const dense = await run('dense')
      await install(pairs(0.5))
      expect(await run(TEXT)).not.toEqual(dense)
      await install(pairs(0))
      expect(await run(TEXT)).toEqual(dense)
      const heads = new Map([
        ['language_model.lm_head.weight', f32(headShape(), new Float32Array(sizeOf(headShape())))],
      ])
      await install(heads, { id: 'keep-all', options: {} }, elsewhere)
      expect(new Set(await run(`keep-all:weights=${elsewhere}`))).toEqual(new Set([0]))
    } finally {
      await quantized.dispose()
    }
  })
})

const headShape = (): number[] => [...model.parts.weights.entries.get('language_model.lm_head.weight')!.shape]
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

/** What was refused: one line that begins with who is concerned. */
async function refusal(text = TEXT): Promise<{ code: string; kind: string; message: string }> {
  try {
    await model.generate({ prompt: 'is there a star?', images: [picture()], method: parseMethod(text), maxTokens: 1 })
  } catch (error) {
    const { code, kind, message } = error as { code: string; kind: string; message: string }
    expect(message).not.toContain('\n')
    return { code, kind, message: message.replaceAll(root, 'ROOT') }
  }
  throw new Error('was not refused')
}

describe('what is refused by name', () => {
  it('missing: nothing was trained, or the named folder is not there', async () => {
    expect(await refusal()).toMatchObject({
      code: 'adapter_missing',
      message: expect.stringMatching(
        /^lora:rank=2.* none are there for this model; name their folder: lora:weights=FOLDER/,
      ),
    })
    expect(await refusal(`${TEXT},weights=${elsewhere}`)).toEqual({
      code: 'adapter_missing',
      kind: 'input',
      message: 'ROOT/elsewhere: there are no weights of lora; name a folder that holds adapter.json',
    })
    expect((await refusal(`${TEXT},weights=fovea-tests/none`)).message).toContain('fovea models pull fovea-tests/none')
  })

  it('missing: half of the weights', async () => {
    await install(new Map([...pairs(1)].slice(0, 5)))
    expect(await refusal()).toMatchObject({
      code: 'adapter_missing',
      message: expect.stringContaining(
        'lacks method.lora.language_model.model.layers.2.self_attn.q_proj.lora_B.weight',
      ),
    })
  })

  it('foreign: trained on another model', async () => {
    await install(pairs(1), { base: '0'.repeat(64) })
    expect(await refusal()).toEqual({
      code: 'adapter_foreign',
      kind: 'input',
      message:
        'ROOT/tiny/methods/lora: these weights were trained on another model than ROOT/tiny; train them for it: fovea train lora',
    })
  })

  it('mismatch: weights of another method, options or shape', async () => {
    const place = await install(pairs(1), { id: 'mqt' })
    expect((await refusal()).message).toBe('ROOT/tiny/methods/lora: these are weights of mqt, not of lora')
    rmSync(place, { recursive: true })
    await install(pairs(1), { options: { ...options, alpha: 3 } })
    expect(await refusal()).toMatchObject({
      code: 'adapter_mismatch',
      message: expect.stringContaining('was trained with alpha=3, not alpha=16'),
    })
    await install(pairs(1, 3), { options: {} })
    expect(await refusal()).toMatchObject({
      code: 'adapter_mismatch',
      message: expect.stringContaining('lora_A.weight as [3,32], this model and these options ask for [2,32]'),
    })
  })

  it('unused: weights that nothing reads', async () => {
    await install(new Map([...pairs(1), ['method.lora.spare', f32([2], new Float32Array(2))]]))
    expect(await refusal()).toMatchObject({
      code: 'adapter_unused',
      message: expect.stringContaining('nothing uses method.lora.spare of ROOT/tiny/methods/lora'),
    })
    await install(pairs(1), { id: 'fastv', options: {} }, elsewhere)
    expect((await refusal(`fastv:weights=${elsewhere}`)).code).toBe('adapter_unused')
  })

  it.each([
    [
      'a card that was cut off',
      (place: string) => truncateSync(join(place, ADAPTER_CARD), 40),
      'truncated or not JSON',
    ],
    [
      'no card yet',
      (place: string) => rmSync(join(place, ADAPTER_CARD)),
      'lacks adapter.json; its writing was cut off',
    ],
    ['no weights', (place: string) => rmSync(join(place, ADAPTER_WEIGHTS)), 'it lacks adapter.safetensors'],
    ['weights cut off', (place: string) => truncateSync(join(place, ADAPTER_WEIGHTS), 900), 'adapter.safetensors'],
    [
      'other weights',
      (place: string) => flipLast(join(place, ADAPTER_WEIGHTS)),
      'not the file that adapter.json names',
    ],
    ['a later format', (place: string) => edit(place, { format: 2 }), 'format'],
    ['no hash', (place: string) => edit(place, { base: 'abc' }), 'base'],
  ])('invalid: %s', async (_, damage, message) => {
    damage(await install())
    expect(await refusal()).toMatchObject({ code: 'adapter_invalid', message: expect.stringContaining(message) })
  })

  it('an option weights that is no folder', () => {
    expect(() => parseMethod('lora:weights=')).toThrow('lora: option weights: it must be a folder')
  })
})

function flipLast(path: string): void {
  const bytes = readFileSync(path)
  truncateSync(path, bytes.length - 1)
  appendFileSync(path, Uint8Array.of(bytes[bytes.length - 1] ^ 1))
}

function edit(place: string, change: object): void {
  const path = join(place, ADAPTER_CARD)
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }))
}
