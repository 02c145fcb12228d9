/** Folders of trainings and adapters that were damaged or exchanged: never other numbers without a word. */
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openAdapter, readAdapterCard, saveAdapter } from '../../src/checkpoints/adapter-folder.ts'
import { openSafetensors, saveSafetensors } from '../../src/checkpoints/safetensors.ts'
import { f32, type Value } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { newestState, saveState } from '../../src/training/checkpoints.ts'
import { miniConfig } from '../../src/training/mini/config.ts'
import { exportMini } from '../../src/training/mini/export.ts'
import { keepSettings } from '../../src/training/run-settings.ts'
import { type TrainingRun, train } from '../../src/training/trainer.ts'
import { temporaryFolder } from '../cli/fovea.ts'
import { compileRegression, initialWeight, regressionBatch } from '../training/tiny-step.ts'

const backend = new NodeBackend()
const step = await compileRegression(backend, 4)
afterAll(() => backend.dispose())

function runOf(folder: string, change: Partial<TrainingRun> = {}): TrainingRun & { notes: string[] } {
  const notes: string[] = []
  const onNote = (note: string) => notes.push(note)
  const batch = (at: number) => regressionBatch(at, 4)
  const rules = { rate: 0.01, schedule: () => 1, saveEvery: 2, initial: initialWeight }
  return { step, batch, total: 4, folder, onNote, ...rules, ...change, notes }
}

const state = (folder: string, at: number, end = 'safetensors') => join(folder, `step-000000${at}.${end}`)

/** A run of four steps, ended; its weights. */
async function trained(change: Partial<TrainingRun> = {}) {
  const folder = temporaryFolder()
  await train(runOf(folder, change))
  return { folder, weight: (await step.read()).get('weight')!.data.slice() }
}

/** The same numbers of bytes, other numbers. */
async function overwrite(path: string, value: number): Promise<void> {
  const bytes = readFileSync(path)
  const length = Number(bytes.readBigUInt64LE(0))
  for (let at = 8 + length; at < bytes.length; at += 4) bytes.writeFloatLE(value, at)
  writeFileSync(path, bytes)
}

describe('a state', () => {
  test.each([
    ['of numbers that are none', (folder: string) => overwrite(state(folder, 4), Number.NaN)],
    ['of other numbers', (folder: string) => overwrite(state(folder, 4), 0.25)],
    ['of an earlier step under its name', (folder: string) => copyFileSync(state(folder, 2), state(folder, 4))],
    ['without what its marker says', (folder: string) => writeFileSync(state(folder, 4, 'complete'), '4\n')],
    ['with a marker that is null', (folder: string) => writeFileSync(state(folder, 4, 'complete'), 'null')],
  ])('%s is skipped, and the run ends as it would have', async (_, damage) => {
    const { folder, weight } = await trained()
    await damage(folder)
    const run = runOf(folder)
    await train(run)
    expect(run.notes).toEqual([
      expect.stringMatching(/^skipped an unreadable state: step-0000004/),
      'resuming after step 2',
    ])
    expect((await step.read()).get('weight')!.data).toEqual(weight)
  })

  test('of a later step than there is is not taken for one', async () => {
    const { folder } = await trained()
    for (const end of ['safetensors', 'complete'])
      renameSync(state(folder, 4, end), join(folder, `step-0000999.${end}`))
    const run = runOf(folder)
    await train(run)
    expect(run.notes[0]).toMatch(/step-0000999.*its marker is damaged or of another state/)
    const longer = await trained({ total: 6 })
    await expect(train(runOf(longer.folder))).rejects.toMatchObject({
      kind: 'input',
      code: 'training_state',
      message: expect.stringContaining('its newest state is of step 6, and the training has 4'),
    })
  })

  test('of other settings is not resumed', async () => {
    const { folder } = await trained({ settings: 'one' })
    expect((await newestState(folder, 'one')).state?.step).toBe(4)
    const { state, skipped } = await newestState(folder, 'other')
    expect([state, skipped[0]]).toEqual([undefined, expect.stringContaining('belongs to a run with other settings')])
  })

  test.each([
    ['reshaped', [3, 1], 'weight', /"weight" is \[3,1\] in the state.*\[1,3\] here/],
    ['missing', [1, 3], 'height', /the trained weight "weight" has no value/],
  ])('whose tensor is %s is refused', async (_, dims, name, message) => {
    const folder = temporaryFolder()
    await saveState(folder, { step: 2, values: new Map([[name, f32(dims, new Float32Array(3))]]) })
    await expect(train(runOf(folder))).rejects.toMatchObject({ kind: 'input', code: 'training_state', message })
  })

  test('of numbers that are none is not saved', async () => {
    const folder = temporaryFolder()
    const values = new Map([['weight', f32([2], Float32Array.of(1, Number.NaN))]])
    await expect(saveState(folder, { step: 1, values })).rejects.toMatchObject({ code: 'weights_not_finite' })
  })
})

test.each([
  ['null', 'null'],
  ['a list', '[1]'],
  ['a number', '7'],
  ['cut off', '{"seed'],
  ['of objects', '{"seed":{}}'],
])('settings.json: %s', async (_, text) => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'settings.json'), text)
  const refusal = { name: 'FoveaError', kind: 'input', message: expect.stringContaining(join(folder, 'settings.json')) }
  await expect(keepSettings(folder, { seed: 1 })).rejects.toMatchObject(refusal)
})

test('a setting that a run had and this one lacks is a difference, too', async () => {
  const folder = temporaryFolder()
  await keepSettings(folder, { seed: 1, from: 'weights abc' })
  await expect(keepSettings(folder, { seed: 1 })).rejects.toThrow('from weights abc, not absent')
  await expect(keepSettings(folder, { seed: 1, from: 'random weights' })).rejects.toThrow(
    'from weights abc, not random weights',
  )
})

test.each([
  ['null', 'null\n'],
  ['no JSON', 'x\n'],
  ['a step that is text', '{"step":"1"}\n'],
])('log.jsonl with a line that is %s', async (_, line) => {
  const { folder } = await trained()
  writeFileSync(join(folder, 'log.jsonl'), line)
  const message = expect.stringContaining(`${join(folder, 'log.jsonl')}: line 1 is damaged`)
  await expect(train(runOf(folder))).rejects.toMatchObject({ name: 'FoveaError', kind: 'input', message })
})

test('a lock that is a folder, and a place where there can be none', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'trainer.lock'))
  const refusal = (path: string) => ({ kind: 'resource', message: expect.stringContaining(path) })
  await expect(train(runOf(folder))).rejects.toMatchObject(refusal(folder))
  await expect(train(runOf('/proc/fovea/run'))).rejects.toMatchObject(refusal('/proc/fovea/run'))
})

describe('weights that are no numbers', () => {
  const values = (value: number): ReadonlyMap<string, Value> =>
    new Map([['method.lora.a', f32([2], Float32Array.of(1, value))]])

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e30])('%d is not kept in an adapter', async (value) => {
    const folder = temporaryFolder()
    const about = { id: 'lora', base: '0'.repeat(64), options: {} }
    const saving = saveAdapter(folder, about, values(value))
    await expect(saving).rejects.toMatchObject({ kind: 'input', code: 'weights_not_finite' })
    expect(await readAdapterCard(folder).catch((error) => error.code)).toBe('adapter_invalid')
  })

  test('nor in a model', async () => {
    const folder = join(temporaryFolder(), 'model')
    const exported = exportMini(folder, { config: miniConfig(360, 1), values: values(Number.NaN), tokenizer: {} })
    await expect(exported).rejects.toMatchObject({ code: 'weights_not_finite', message: /method\.lora\.a/ })
  })
})

describe('an adapter', () => {
  async function saved() {
    const folder = temporaryFolder()
    const about = { id: 'lora', base: '0'.repeat(64), options: { rank: 2, at: 'query' } }
    await saveAdapter(folder, about, new Map([['method.lora.a', f32([2], Float32Array.of(1, 2))]]))
    const [card, weights] = [join(folder, 'adapter.json'), join(folder, 'adapter.safetensors')]
    const change = (from: string, to: string) => writeFileSync(card, readFileSync(card, 'utf8').replace(from, to))
    return { folder, weights, change }
  }

  test.each([
    ['rank', '"rank": 2', '"rank": 3'],
    ['base', '"base": "00', '"base": "11'],
    ['id', '"id": "lora"', '"id": "mqt"'],
  ])('whose %s was changed is refused', async (_, from, to) => {
    const { folder, change } = await saved()
    expect((await readAdapterCard(folder))?.options).toEqual({ rank: 2, at: 'query' })
    change(from, to)
    await expect(readAdapterCard(folder)).rejects.toMatchObject({
      code: 'adapter_invalid',
      message: expect.stringContaining('adapter.json: it was changed after the training'),
    })
  })

  test('whose weights were exchanged is refused', async () => {
    const { folder, weights } = await saved()
    const card = (await readAdapterCard(folder))!
    const { tensors } = await openSafetensors(weights)
    const zeros = [...tensors].map(
      ([name, { dtype, shape, byteLength }]) => [name, { dtype, shape, data: new Uint8Array(byteLength) }] as const,
    )
    await saveSafetensors(weights, new Map(zeros), { method: 'lora' })
    await expect(openAdapter(folder, card)).rejects.toMatchObject({ code: 'adapter_invalid' })
  })
})
