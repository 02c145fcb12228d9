import { type LayerForm, packInt4, packInt8 } from '../runtime/index.ts'
import { INT4_BLOCK } from '../tensor/index.ts'
import type { InputStatistics } from './calibration.ts'

/** Largest relative error of a layer's output that is accepted; a layer above it keeps more bits. */
export const MOST_ERROR: Record<Exclude<LayerForm, 'fp32'>, number> = { int8: 0.05, int4: 0.2 }
/** Up to this error an int8 layer does without a scale for each row of its input. */
export const PLAIN_ERROR = 0.0125

/** Exponent that shares the range of a channel between activation and weight (SmoothQuant, alpha = 0.5). */
const MIGRATION = 0.5

/**
 * SmoothQuant (Xiao et al., arXiv 2211.10438), equation 4: s_j = max|X_j|^alpha / max|W_j|^(1 - alpha). Activations are
 * divided by s and weights multiplied with it, so that no channel sets the scale of the others. Returns 1 / s.
 */
export function smoothingFactors(activations: Float32Array, weights: Float32Array): Float32Array {
  return activations.map((most, channel) => {
    const s = most ** MIGRATION / weights[channel] ** (1 - MIGRATION)
    return Number.isFinite(s) && s > 1e-5 ? 1 / s : 1
  })
}

/** How activations are rounded to 8 bits. */
type Rounding = (row: Float32Array) => Float32Array

const roundings: Record<Exclude<LayerForm, 'fp32'>, Rounding> = {
  int8: (row) => round(row, largest(row)),
  int4: roundBlocks,
}

/**
 * Relative error of x W^T when W is quantized and x is rounded as the engine does it: root mean square over rows of x,
 * each of which counts as much as the others. The rows of W [m, k] may be some of the layer's only.
 */
export function layerError(
  form: Exclude<LayerForm, 'fp32'>,
  { rows }: Pick<InputStatistics, 'rows'>,
  weight: Float32Array,
  factors?: Float32Array,
  rounding: Rounding = roundings[form],
): number {
  const k = rows[0].length
  const scaled = factors ? weight.map((value, at) => value / factors[at % k]) : weight
  const restored = restore(form, scaled, k)
  const errors = rows.flatMap((row) => {
    const rounded = rounding(factors ? row.map((value, at) => value * factors[at]) : row)
    let [error, norm] = [0, 0]
    for (let at = 0; at < weight.length; at += k) {
      let [exact, approximate] = [0, 0]
      for (let i = 0; i < k; i++) {
        exact += row[i] * weight[at + i]
        approximate += rounded[i] * restored[at + i]
      }
      error += (approximate - exact) ** 2
      norm += exact ** 2
    }
    return norm > 0 ? [error / norm] : []
  })
  return errors.length ? Math.sqrt(errors.reduce((a, b) => a + b) / errors.length) : 0
}

/** The error of int8 where one scale, from the largest value that was ever seen, serves all rows of x. */
export function plainError(seen: InputStatistics, weight: Float32Array, factors?: Float32Array): number {
  const most = largest(factors ? seen.maxima.map((value, at) => value * factors[at]) : seen.maxima)
  return layerError('int8', seen, weight, factors, (row) => round(row, most))
}

/** Weights [m, k] after they went through their integers. */
function restore(form: Exclude<LayerForm, 'fp32'>, rows: Float32Array, k: number): Float32Array {
  const n = rows.length / k
  if (form === 'int8') {
    const into = { weight: new Int8Array(rows.length), scale: new Float32Array(n) }
    packInt8(rows, { k, n, from: 0 }, into)
    return rows.map((_, at) => into.weight[(at % k) * n + Math.floor(at / k)] * into.scale[Math.floor(at / k)])
  }
  const blocks = Math.ceil(k / INT4_BLOCK)
  const into = { packed: new Uint8Array((n * blocks * INT4_BLOCK) / 2), scales: new Float32Array(n * blocks) }
  packInt4(rows, { k, n, from: 0 }, into)
  return rows.map((_, at) => {
    const [row, i] = [Math.floor(at / k), at % k]
    const block = row * blocks + Math.floor(i / INT4_BLOCK)
    const byte = into.packed[(block * INT4_BLOCK) / 2 + ((i % INT4_BLOCK) >> 1)]
    return ((i % 2 ? byte >> 4 : byte & 15) - 8) * into.scales[block]
  })
}

const largest = (x: Float32Array): number => x.reduce((top, value) => Math.max(top, Math.abs(value)), 0)

/** 8 bits over -most to most. */
function round(x: Float32Array, most: number): Float32Array {
  const step = (2 * most) / 255
  return step > 0 ? x.map((value) => Math.round(value / step) * step) : x
}

/** 8 bits over each block of 32. */
function roundBlocks(x: Float32Array): Float32Array {
  const out = new Float32Array(x.length)
  for (let start = 0; start < x.length; start += INT4_BLOCK) {
    const block = x.subarray(start, start + INT4_BLOCK)
    const step = largest(block) / 127
    out.set(step > 0 ? block.map((value) => Math.round(value / step) * step) : block, start)
  }
  return out
}
