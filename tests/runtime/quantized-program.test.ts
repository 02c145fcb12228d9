import { afterAll, describe, expect, it } from 'vitest'
import { f32ToBf16 } from '../../src/checkpoints/dtypes.ts'
import { createScope, linear, rmsNormed } from '../../src/nn/index.ts'
import {
  compile,
  f32,
  i64,
  linearGroups,
  packInt4,
  packInt8,
  type QuantizedLayer,
  quantizedProgram,
  type Value,
  weightsOf,
} from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { gather, input, parameter, topologicalOrder } from '../../src/tensor/index.ts'
import { randomFrom } from '../tensor/harness.ts'

const backend = new NodeBackend()
afterAll(() => backend.dispose())

const [rows, k, n] = [5, 64, 48]
const random = (count: number, seed: number) => {
  const next = randomFrom(seed)
  return Float32Array.from({ length: count }, () => 2 * next() - 1)
}
const w = random(n * k, 1)
const scale = random(k, 2)
const factors = Float32Array.from({ length: k }, (_, at) => 0.5 + (at % 5))

/** A norm and two layers on top of it, as a decoder has them. */
function traced() {
  const scope = createScope()
  const normed = rmsNormed(scope.at('norm'), input('x', ['rows', k]))
  return { a: linear(scope.at('a'), normed, n, false), b: linear(scope.at('b'), normed, n, false) }
}

function int8Parts(name: string, smoothing?: Float32Array): [string, Value][] {
  const into = { weight: new Int8Array(k * n), scale: new Float32Array(n) }
  packInt8(smoothing ? w.map((value, at) => value / smoothing[at % k]) : w, { k, n, from: 0 }, into)
  return [
    [`${name}.int8`, { dtype: 'i8', dims: [k, n], data: into.weight }],
    [`${name}.scale`, f32([n], into.scale)],
  ]
}

function int4Parts(name: string): [string, Value][] {
  const into = { packed: new Uint8Array((n * k) / 2), scales: new Float32Array((n * k) / 32) }
  packInt4(w, { k, n, from: 0 }, into)
  return [
    [`${name}.int4`, { dtype: 'u8', dims: [n, k / 32, 16], data: into.packed }],
    [`${name}.scales`, f32([(n * k) / 32], into.scales)],
  ]
}

const exact: [string, Value][] = [
  ['norm.weight', f32([k], scale)],
  ['a.weight', f32([n, k], w)],
  ['b.weight', f32([n, k], w)],
]

async function run(layers: Record<string, QuantizedLayer>, values: [string, Value][]) {
  const program = await compile(backend, traced(), {
    weights: weightsOf(new Map(values)),
    rewrite: (outputs) =>
      quantizedProgram(outputs, { layers: new Map(Object.entries(layers)), dtypeOf: () => undefined }),
  })
  const result = await program.run({ x: f32([rows, k], random(rows * k, 3)) })
  await program.dispose()
  return { a: result.values.a.data as Float32Array, b: result.values.b.data as Float32Array }
}

function distance(actual: Float32Array, expected: Float32Array): number {
  const norm = (values: Float32Array) => Math.hypot(...values)
  return norm(actual.map((value, at) => value - expected[at])) / norm(expected)
}

describe('a norm and two linear layers', () => {
  it('finds both layers in one group', () => {
    const [group] = linearGroups(Object.values(traced()))
    expect(group.map(({ weight, k, n }) => [weight, k, n]).sort()).toEqual([
      ['a.weight', k, n],
      ['b.weight', k, n],
    ])
  })

  it('quantizes the layers it is told to, and only those', async () => {
    const before = await run({}, exact)
    const after = await run({ 'a.weight': { form: 'int8' } }, [...exact, ...int8Parts('a.weight')])
    expect(distance(after.a, before.a)).toBeLessThan(0.02)
    expect(distance(after.a, before.a)).toBeGreaterThan(0)
    expect(after.b).toEqual(before.b)
    const four = await run({ 'a.weight': { form: 'int4' } }, [...exact, ...int4Parts('a.weight')])
    expect(distance(four.a, before.a)).toBeLessThan(0.12)
  })

  it('scales channels in the norm before, with the same result', async () => {
    const before = await run({}, exact)
    const smoothing = 'a.smoothing'
    const layer = { form: 'int8', smoothing } as const
    const values = [
      ...exact,
      ...int8Parts(
        'a.weight',
        factors.map((f) => 1 / f),
      ),
      [smoothing, f32([k], factors)] as [string, Value],
    ]
    const wrong = await run({ 'a.weight': layer }, values)
    expect(distance(wrong.a, before.a)).toBeGreaterThan(0.5) // weights that do not carry the inverse
    const right = [...exact, ...int8Parts('a.weight', factors), [smoothing, f32([k], factors)] as [string, Value]]
    const after = await run({ 'a.weight': layer }, right)
    expect(distance(after.a, before.a)).toBeLessThan(0.03)
    expect(after.b).toEqual(before.b)
  })
})

it('widens the rows of a 16-bit table after they were looked up', async () => {
  const outputs = { rows: gather(parameter('table', [6, 4]), input('ids', ['n'], 'i64')) }
  const dtypeOf = () => 'bf16' as const
  const rewritten = quantizedProgram(outputs, { layers: new Map(), dtypeOf })
  const stored = topologicalOrder([rewritten.rows]).find(({ op }) => op.name === 'parameter')
  expect(stored?.dtype).toBe('bf16')
  const values = random(24, 4)
  const table: Value = { dtype: 'bf16', dims: [6, 4], data: f32ToBf16(values) }
  const program = await compile(backend, rewritten, { weights: weightsOf(new Map([['table', table]])) })
  const found = await program.run({ ids: i64([2], [5, 0]) })
  expect(found.values.rows.data[0]).toBeCloseTo(values[20], 2)
  await program.dispose()
})
