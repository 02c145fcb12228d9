import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSafetensors, saveSafetensors } from '../../src/checkpoints/safetensors.ts'
import { decide } from '../../src/quantization/node-quantize.ts'
import { readRows, type StoredWeights, sampleRows } from '../../src/quantization/node-stored-weights.ts'
import type { PlannedLayer } from '../../src/quantization/plan.ts'
import { layerError, MOST_ERROR, PLAIN_ERROR, smoothingFactors } from '../../src/quantization/sensitivity.ts'
import { randomFrom } from '../tensor/harness.ts'

const [n, k] = [40, 96]
const random = (count: number, seed: number) => {
  const next = randomFrom(seed)
  return Float32Array.from({ length: count }, () => 2 * next() - 1)
}
const weight = random(n * k, 1)
const plainRows = Array.from({ length: 8 }, (_, at) => random(k, 10 + at))
/** One channel a hundred times as large as the others, as language models have them. */
const spikedRows = plainRows.map((row) => row.map((value, at) => (at === 7 ? 100 * value + 60 : value)))
const maximaOf = (rows: readonly Float32Array[]) =>
  Float32Array.from({ length: k }, (_, at) => Math.max(...rows.map((row) => Math.abs(row[at]))))
/** Only small weights meet the large channel, so that its products do not hide the others. */
const meek = weight.map((value, at) => (at % k === 7 ? value / 100 : value))

/** One weight of each block of 32 is so large that the others vanish in 4 bits; what it meets is 0. */
const uneven = weight.map((value, at) => (at % 32 === 5 ? 8 : value))
const rowsBesideIt = plainRows.map((row) => row.map((value, at) => (at % 32 === 5 ? 0 : value)))

describe('error of a layer', () => {
  it('is what rounding costs', () => {
    expect(layerError('int8', { rows: plainRows }, weight)).toBeGreaterThan(0.001)
    expect(layerError('int8', { rows: plainRows }, weight)).toBeLessThan(0.015)
    const four = layerError('int4', { rows: plainRows }, weight)
    expect(four).toBeGreaterThan(0.04)
    expect(four).toBeLessThan(0.13)
  })

  it('grows with a channel of outliers, and smoothing takes it back', () => {
    const rough = layerError('int8', { rows: spikedRows }, meek)
    const maxima = Float32Array.from({ length: k }, (_, at) =>
      Math.max(...Array.from({ length: n }, (_, row) => Math.abs(meek[row * k + at]))),
    )
    const smooth = layerError('int8', { rows: spikedRows }, meek, smoothingFactors(maximaOf(spikedRows), maxima))
    expect(rough).toBeGreaterThan(MOST_ERROR.int8)
    expect(smooth).toBeLessThan(rough / 4)
  })

  it('smoothing leaves channels alone that are always 0', () => {
    expect([...smoothingFactors(Float32Array.of(0, 4, 1), Float32Array.of(1, 1, 0))]).toEqual([1, 0.5, 1])
  })
})

describe('decisions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fovea-decide-'))
  let stored: StoredWeights
  beforeAll(async () => {
    const path = join(folder, 'model.safetensors')
    const tensors = Object.entries({ good: weight, bad: meek, uneven }).map(
      ([name, data]) => [name, { dtype: 'F32', shape: [n, k], data }] as const,
    )
    await saveSafetensors(path, new Map(tensors))
    const { tensors: found } = await openSafetensors(path)
    const entries = [...found].map(([name, entry]) => [name, { ...entry, dtype: 'f32', file: 'w' }] as const)
    stored = { entries: new Map(entries), files: { w: path } }
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const layer = (name: string, smoothable: boolean): PlannedLayer => {
    return { weight: name, k, n, forms: ['int8', 'fp32'], group: name, smoothable }
  }
  const seen = (rows: Float32Array[]) => ({ rows, maxima: maximaOf(rows) })

  it('keep a layer in fp32 that would lose too much, and smooth one that can be', async () => {
    const statistics = new Map([
      ['good', seen(plainRows)],
      ['bad', seen(spikedRows)],
    ])
    const plan = { precision: 'int8', layers: [layer('good', false), layer('bad', false)], others: [] } as const
    const { layers, report } = await decide(stored, plan, statistics)
    expect([...layers]).toEqual([
      ['good', { form: 'int8' }],
      ['bad', { form: 'fp32' }],
    ])
    expect(report[1].errors.int8).toBeGreaterThan(MOST_ERROR.int8)
    const smoothed = await decide(stored, { ...plan, layers: [layer('bad', true)] }, statistics)
    expect([...smoothed.layers]).toEqual([['bad', { form: 'int8', smoothing: 'bad.smoothing' }]])
    expect(smoothed.smoothing.get('bad.smoothing')![7]).toBeLessThan(0.5)
  })

  it('scale each row by itself where one row is much larger than the others', async () => {
    const plan = { precision: 'int8', layers: [layer('good', false)], others: [] } as const
    const decided = async (rows: Float32Array[]) => decide(stored, plan, new Map([['good', seen(rows)]]))
    const even = await decided(plainRows)
    expect(even.layers.get('good')).toEqual({ form: 'int8' })
    expect(even.report[0].plainError).toBeLessThan(PLAIN_ERROR)
    const [first, ...others] = plainRows
    const uneven = await decided([first.map((value) => 100 * value), ...others, ...others])
    expect(uneven.layers.get('good')).toEqual({ form: 'int8', perRow: true })
    expect(uneven.report[0].errors.int8).toBeLessThan(PLAIN_ERROR)
  })

  it('int4 falls back to int8 before fp32', async () => {
    const forms = ['int4', 'int8', 'fp32'] as const
    const formOf = async (name: string, rows: Float32Array[]) => {
      const plan = { precision: 'int4', layers: [{ ...layer(name, false), forms }], others: [] } as const
      return (await decide(stored, plan, new Map([[name, seen(rows)]]))).layers.get(name)?.form
    }
    expect(await formOf('good', plainRows)).toBe('int4')
    expect(await formOf('uneven', rowsBesideIt)).toBe('int8')
  })

  it('rows are read in pieces and by sample', async () => {
    const pieces = []
    for await (const piece of readRows(stored, 'good')) pieces.push(piece)
    expect(pieces).toEqual([{ from: 0, values: weight }])
    const three = await sampleRows(stored, 'good', 3)
    expect(three).toEqual(
      Float32Array.of(...weight.slice(0, k), ...weight.slice(19 * k, 20 * k), ...weight.slice(39 * k)),
    )
  })
})
