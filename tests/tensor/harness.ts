import { readdirSync } from 'node:fs'
import { expect } from 'vitest'
import { type Backend, compile, typedArray, type Value } from '../../src/runtime/index.ts'
import {
  constant,
  type DType,
  evaluate,
  grad,
  input,
  isFloat,
  mul,
  type OpDefinition,
  type Sampler,
  sum,
  type Tensor,
} from '../../src/tensor/index.ts'
import { type NdArray, ndarray, sizeOf } from '../../src/tensor/ndarray.ts'

export type AnyOp = OpDefinition & ((...args: unknown[]) => Tensor)
const isOp = (value: unknown): value is AnyOp => typeof value === 'function' && 'onnx' in value && 'reference' in value

/** Every op that a file under src/tensor/ops exports. */
export async function allOps(): Promise<AnyOp[]> {
  const folder = new URL('../../src/tensor/ops/', import.meta.url)
  const modules = await Promise.all(readdirSync(folder).map((file) => import(new URL(file, folder).href)))
  return [...new Set(modules.flatMap((module) => Object.values(module).filter(isOp)))]
}

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export type Leaves = Map<Tensor, NdArray>

/** Draws arguments; the tensors drawn are inputs whose values are collected in `leaves`. */
export class RandomSampler implements Sampler {
  readonly leaves: Leaves = new Map()
  private readonly random: () => number
  constructor(seed: number) {
    this.random = randomFrom(seed * 7919 + 1)
  }

  int(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1))
  }
  shape(rank: number): number[] {
    return Array.from({ length: rank }, () => this.int(1, 5))
  }
  pick<T>(choices: readonly T[]): T {
    return choices[this.int(0, choices.length - 1)]
  }
  tensor(
    shape: readonly number[],
    { low = -1, high = 1, dtype = 'f32', distinct = false }: Parameters<Sampler['tensor']>[1] = {},
  ): Tensor {
    const x = input(`x${this.leaves.size}`, shape, dtype)
    const size = sizeOf(shape)
    const values = distinct
      ? this.shuffle(size).map((rank) => low + ((rank + 0.25 + 0.5 * this.random()) / size) * (high - low))
      : Array.from({ length: size }, () => low + this.random() * (high - low))
    const whole = () => this.int(low, high)
    this.leaves.set(x, ndarray(shape, isFloat(dtype) ? values.map(Math.fround) : values.map(whole)))
    return x
  }
  private shuffle(size: number): number[] {
    const order = [...Array(size).keys()]
    for (let at = size - 1; at > 0; at--) {
      const other = this.int(0, at)
      ;[order[at], order[other]] = [order[other], order[at]]
    }
    return order
  }
}

export const toValue = (dtype: DType, { shape, data }: NdArray): Value => ({
  dtype,
  dims: shape,
  data: typedArray(dtype, data),
})
export const toArray = ({ dims, data }: Value): NdArray => ndarray(dims, Array.from(data as ArrayLike<number>, Number))

/** Runs traced outputs on a backend with the given leaf values. */
export async function runOn(backend: Backend, outputs: readonly Tensor[], leaves: Leaves): Promise<NdArray[]> {
  const program = await compile(backend, Object.fromEntries(outputs.map((node, at) => [`out${at}`, node])))
  const known = new Set(program.inputs.map(({ name }) => name))
  const named = [...leaves].map(([leaf, value]) => [(leaf.attrs as { name: string }).name, leaf, value] as const)
  const feeds = named
    .filter(([name]) => known.has(name))
    .map(([name, leaf, value]) => [name, toValue(leaf.dtype, value)])
  const { values } = await program.run(Object.fromEntries(feeds))
  await program.dispose()
  return outputs.map((_, at) => toArray(values[`out${at}`]))
}

/** Element-wise agreement: |a - b| <= tolerance * max(1, |b|). */
export function expectClose(actual: NdArray, expected: NdArray, tolerance: number, what: string): void {
  expect(actual.shape, `${what}: shape`).toEqual(expected.shape)
  expected.data.forEach((value, at) => {
    const near =
      Object.is(actual.data[at], value) || Math.abs(actual.data[at] - value) <= tolerance * Math.max(1, Math.abs(value))
    if (!near) throw new Error(`${what}: element ${at} is ${actual.data[at]}, expected ${value}`)
  })
}

export interface GradientProgram {
  readonly loss: Tensor
  readonly leaves: readonly Tensor[]
  readonly gradients: readonly Tensor[]
}

/** sum(out * fixed random weights) and its gradients with respect to all float leaves. */
export function gradientProgram(out: Tensor, values: Leaves, seed: number): GradientProgram | undefined {
  const leaves = [...values.keys()].filter((leaf) => isFloat(leaf.dtype))
  if (!isFloat(out.dtype) || leaves.length === 0) return undefined
  const random = randomFrom(seed + 99)
  const shape = out.shape.map(Number)
  const weights = constant(
    Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(2 * random() - 1)),
    shape,
    out.dtype,
  )
  const loss = sum(mul(out, weights))
  return { loss, leaves, gradients: grad(loss, leaves) }
}

/** Elements of a leaf whose differences are taken: all of a small one, every n-th of a large one. */
const probed = (size: number): number[] => {
  const step = Math.ceil(size / 48)
  return Array.from({ length: Math.ceil(size / step) }, (_, at) => at * step)
}

/** Central differences of a scalar with respect to some elements of a leaf, in double precision. */
export function finiteDifferences(
  loss: Tensor,
  values: Leaves,
  leaf: Tensor,
  elements: number[],
  step = 1e-5,
): NdArray {
  const base = values.get(leaf)!
  const at = (index: number, delta: number): number => {
    const data = Float64Array.from(base.data)
    data[index] += delta
    return evaluate([loss], new Map(values).set(leaf, { shape: base.shape, data }))[0].data[0]
  }
  const slopes = elements.map((index) => (at(index, step) - at(index, -step)) / (2 * step))
  return ndarray([elements.length], slopes)
}

export interface Case {
  readonly out: Tensor
  readonly values: Leaves
}
export function drawCase(op: AnyOp, seed: number): Case {
  const sampler = new RandomSampler(seed)
  return { out: op(...(op.sample!(sampler) as unknown[])), values: sampler.leaves }
}

/** The whole contract of one traced result: backend = reference, gradients = finite differences, on both sides. */
export async function checkCase(backend: Backend, { out, values }: Case, seed: number, what: string): Promise<void> {
  const program =
    out.op.grad || out.inputs.some((x) => x.inputs.length) ? gradientProgram(out, values, seed) : undefined
  const outputs = [out, ...(program?.gradients ?? [])]
  const expected = evaluate(outputs, values)
  const actual = await runOn(backend, outputs, values)
  expectClose(actual[0], expected[0], 1e-5, `${what} on ${backend.device}`)
  program?.leaves.forEach((leaf, at) => {
    const name = `${what}: gradient of input ${at}`
    const elements = probed(expected[at + 1].data.length)
    const analytic = ndarray(
      [elements.length],
      elements.map((index) => expected[at + 1].data[index]),
    )
    const slopes = finiteDifferences(program.loss, values, leaf, elements)
    expectClose(analytic, slopes, 1e-5, `${name} against differences`)
    expectClose(actual[at + 1], expected[at + 1], 1e-4, `${name} on ${backend.device}`)
  })
}
