import { type Bits, type Matrix, roundToNearest } from './grid.ts'
import { outputError, someRows } from './output-error.ts'

/** Exponents that are tried: 0, 1 / 20, ..., 19 / 20. */
const STEPS = 20
/** Rows of a weight that a scale is judged by. */
const JUDGED = 128

/**
 * AWQ (Lin et al., arXiv 2306.00978), equations 4 and 5: input channels that are large are made larger in the weight before it
 * is rounded and smaller in the input, s = mean|X|^alpha; alpha is the one with the least error of the outputs, L(s) = ||Q(W
 * diag(s)) diag(s)^-1 X - W X||. With alpha = 0 nothing is scaled, so that no scale is worse than none on these samples.
 * @param weights all layers with the same input, W [n, k] each
 * @param rows samples of that input, [m][k]
 * @returns s [k]
 */
export function awqScales(weights: readonly Matrix[], rows: readonly Float32Array[], bits: Bits): Float32Array {
  const mean = meanMagnitudes(rows)
  const judged = weights.map((weight) => someRows(weight, JUDGED))
  let best: Float32Array = mean.map(() => 1)
  let least = Infinity
  for (let step = 0; step < STEPS; step++) {
    const scales = scalesOf(mean, step / STEPS)
    const error = judged.reduce((sum, weight) => sum + scaledError(weight, scales, rows, bits), 0)
    if (error < least) {
      best = scales
      least = error
    }
  }
  return best
}

/** Error of the outputs where columns are multiplied with s before they are rounded and divided by it after. */
export function scaledError(weight: Matrix, scales: Float32Array, rows: readonly Float32Array[], bits: Bits): number {
  const rounded = roundToNearest(scaledBy(weight, scales), bits)
  const restored = rounded.map((value, at) => value / scales[at % weight.k])
  return outputError(weight, restored, rows)
}

/** W diag(s). */
export const scaledBy = ({ values, k }: Matrix, scales: Float32Array): Matrix => ({
  values: values.map((value, at) => value * scales[at % k]),
  k,
})

function meanMagnitudes(rows: readonly Float32Array[]): Float32Array {
  const sums = new Float32Array(rows[0].length)
  for (const row of rows) for (let i = 0; i < row.length; i++) sums[i] += Math.abs(row[i]) / rows.length
  return sums
}

/** mean^alpha, shifted so that the largest times the smallest is 1. */
function scalesOf(mean: Float32Array, alpha: number): Float32Array {
  const raised = mean.map((value) => Math.max(value, 1e-4) ** alpha)
  const middle = Math.sqrt(
    raised.reduce((a, b) => Math.max(a, b), 0) * raised.reduce((a, b) => Math.min(a, b), Infinity),
  )
  return raised.map((value) => value / middle)
}
