import { z } from 'zod'
import { assertArgument, assertOptions } from '../errors.ts'
import { corner, zeros } from '../nn/index.ts'
import type { ReadSide } from '../pipeline/method/method.ts'
import type { Value } from '../runtime/index.ts'
import { add, fixedDim, matmul, mul, type Tensor, transpose } from '../tensor/index.ts'

/**
 * LoRA: Low-Rank Adaptation of Large Language Models, Hu et al. 2021. https://arxiv.org/abs/2106.09685
 * h = W x + (alpha / rank) B A x (equation 3), with A [rank, in] random and B [out, rank] zero at the start (section 4.1).
 */
export interface LoraOptions {
  readonly rank: number
  readonly alpha: number
  /** Which layers get a pair, by the full name of their weight. */
  readonly match: (weight: string) => boolean
}

/** Around linear layers: W x + (alpha / rank) B A x for those that match; the pairs are weights of the method's own. */
export function lora({ rank, alpha, match }: LoraOptions): NonNullable<ReadSide['linear']> {
  return (x, next, { p, weight, out, of }) => {
    if (!match(weight)) return next(x)
    const pair = p.at(weight.replace(/\.weight$/, ''))
    const width = fixedDim('lora', x, -1)
    const [rows, columns] = of ?? [out, width]
    const part = (whole: Tensor, used: readonly [number, number]) => (of ? corner(whole, ...used) : whole)
    const A = part(pair('lora_A.weight', [rank, columns]), [rank, width])
    const B = part(pair('lora_B.weight', [rows, rank], zeros), [out, rank])
    return add(next(x), mul(matmul(matmul(x, transpose(A)), transpose(B)), alpha / rank))
  }
}

/** Layers inside the blocks of a language model: not its embeddings, not its head. */
export const inBlocks = (weight: string): boolean => /(^|\.)(layers|block)\.\d+\./.test(weight)

/**
 * The language model as far as pairs of a rank can train it, which stands for training it as a whole; with rank 0 it stays as
 * it is.
 */
export const tuned = (rank: number): Pick<ReadSide, 'linear'> =>
  rank > 0 ? { linear: lora({ rank, alpha: 2 * rank, match: inBlocks }) } : {}

/** How methods are asked for that. */
export const loraRank = z
  .int()
  .min(0)
  .default(16)
  .describe('rank of the LoRA pairs that the language model is trained with; 0: it stays as it is')

/** The same where a method runs without, unless it is asked for. */
export const optionalLoraRank = loraRank
  .default(0)
  .describe('rank of the LoRA pairs that the language model was trained with; 0: the model as it is')

/** Whether a weight is half of a pair. */
export const isLora = (name: string): boolean => /(^|\.)lora_[AB]\.weight$/.test(name)

/**
 * Weights of a model with every pair added to its matrix: W + (alpha / rank) B A, for a checkpoint that needs no LoRA.
 * @param prefix what stands before the names of the layers in those of the pairs, such as `method.lora.`
 */
export function mergeLora(
  base: ReadonlyMap<string, Value>,
  pairs: ReadonlyMap<string, Value>,
  options: { readonly alpha: number; readonly prefix?: string },
): Map<string, Value> {
  for (const [what, map] of Object.entries({ base, pairs })) assertArgument('mergeLora', what, map, 'map')
  assertOptions('mergeLora', options, { alpha: 'number', prefix: 'string' })
  assertArgument('mergeLora', 'alpha', options.alpha, 'number')
  const { alpha, prefix = '' } = options
  return new Map(
    [...base].map(([name, value]) => {
      const layer = `${prefix}${name.replace(/weight$/, '')}`
      const [A, B] = [pairs.get(`${layer}lora_A.weight`), pairs.get(`${layer}lora_B.weight`)]
      return [name, A && B ? addProduct(value, B, A, alpha / A.dims[0]) : value]
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
