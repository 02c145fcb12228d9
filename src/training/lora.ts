import { mapLeaves, type Scope } from '../nn/index.ts'
import type { Value } from '../runtime/index.ts'
import { add, matmul, mul, type Tensor } from '../tensor/index.ts'

/**
 * LoRA: Low-Rank Adaptation of Large Language Models, Hu et al. 2021. https://arxiv.org/abs/2106.09685
 * W' = W + (alpha / rank) B A, with A [rank, in] random and B [out, rank] zero at the start (section 4.1).
 */
export interface LoraOptions {
  readonly rank: number
  readonly alpha: number
  /** Which weights get a pair, by full name; weights that are not matrices never do. */
  readonly match: (name: string) => boolean
}

const pairNames = (name: string): { a: string; b: string } => {
  const base = name.replace(/weight$/, '')
  return { a: `${base}lora_A.weight`, b: `${base}lora_B.weight` }
}

/** Whether a leaf is half of a pair: what a LoRA training trains. */
export const isLora = (name: string): boolean => /(^|\.)lora_[AB]\.weight$/.test(name)

/** The scope with W + (alpha / rank) B A in the place of each matched matrix W; the pairs are leaves beside it. */
export function withLora(scope: Scope, options: LoraOptions): Scope {
  const { rank, alpha, match } = options
  const adapted = new Map<string, Tensor>()
  return mapLeaves(scope, (inner, name, shape, first) => {
    const full = inner.prefix + name
    const base = inner(name, shape, first)
    if (shape.length !== 2 || !name.endsWith('weight') || !match(full)) return base
    const { a, b } = pairNames(name)
    const delta = () => matmul(inner(b, [shape[0], rank]), inner(a, [rank, shape[1]]))
    const made = adapted.get(full) ?? add(base, mul(delta(), alpha / rank))
    adapted.set(full, made)
    return made
  })
}

/** Weights with every pair added to its matrix and left out: what a checkpoint without LoRA holds. */
export function mergeLora(values: ReadonlyMap<string, Value>, alpha: number): Map<string, Value> {
  const merged = [...values].filter(([name]) => !isLora(name))
  return new Map(
    merged.map(([name, value]) => {
      const { a, b } = pairNames(name)
      const [left, right] = [values.get(b), values.get(a)]
      return [name, left && right ? addProduct(value, left, right, alpha / right.dims[0]) : value]
    }),
  )
}

/** W + scale B A on plain numbers. */
function addProduct(base: Value, left: Value, right: Value, scale: number): Value {
  const [rank, columns] = right.dims
  const data = Float32Array.from(base.data as Float32Array)
  for (let at = 0; at < data.length; at++) {
    const [row, column] = [Math.floor(at / columns), at % columns]
    let sum = 0
    for (let i = 0; i < rank; i++) sum += Number(left.data[row * rank + i]) * Number(right.data[i * columns + column])
    data[at] += scale * sum
  }
  return { ...base, data }
}
