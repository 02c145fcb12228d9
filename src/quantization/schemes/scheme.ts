/** How linear layers with one input are made into few bits. */
import type { InputStatistics } from '../calibration.ts'
import { awqScales, scaledBy } from './awq.ts'
import { gptq } from './gptq.ts'
import { type Bits, type Matrix, roundToNearest } from './grid.ts'
import { smoothQuantScales } from './smoothquant.ts'

export const SCHEMES = ['rtn', 'awq', 'gptq', 'smoothquant'] as const
export type Scheme = (typeof SCHEMES)[number]

export interface RoundedGroup {
  /** The layers on their grids, [n, k] each, columns multiplied with `scales`. */
  readonly weights: readonly Float32Array[]
  /** What the input is to be divided by, [k]; absent where it stays as it is. */
  readonly scales?: Float32Array
}

/**
 * @param weights all layers with the same input
 * @param seen what calibration saw of that input; without it layers are rounded to the nearest
 * @param mayScale whether what computes the input can take over a scale of its channels
 */
export function roundGroup(
  { scheme, bits }: { readonly scheme: Scheme; readonly bits: Bits },
  weights: readonly Matrix[],
  seen: InputStatistics | undefined,
  mayScale: boolean,
): RoundedGroup {
  const plain = (of: readonly Matrix[]) => of.map((weight) => roundToNearest(weight, bits))
  if (!seen || scheme === 'rtn') return { weights: plain(weights) }
  if (scheme === 'gptq') return { weights: weights.map((weight) => gptq(weight, seen.rows, bits)) }
  if (!mayScale) return { weights: plain(weights) }
  const scales = scheme === 'awq' ? awqScales(weights, seen.rows, bits) : smoothQuantScales(weights, seen.maxima)
  return { weights: plain(weights.map((weight) => scaledBy(weight, scales))), scales }
}
