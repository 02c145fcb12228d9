import { upperOfInverse } from './cholesky.ts'
import { atEnd, type Bits, type BlockScale, blockOf, type Matrix, nearest, roundToNearest, scaleOf } from './grid.ts'
import { outputErrors } from './output-error.ts'

/** Share of the mean of the diagonal that is added to it, so that few samples suffice. */
const DAMPING = 0.01

/**
 * GPTQ (Frantar et al., arXiv 2210.17323), algorithm 1: columns are rounded one after another, and what rounding one has
 * changed in the outputs is made up for by those that are not rounded yet: with H = X^T X + lambda I and U^T U = H^-1, e =
 * (w_i - q_i) / U_ii, w_j <- w_j - e U_ij. The scale of a block is taken when its first column is reached, and the value of
 * largest magnitude is put on the end of the range, so that the engine finds the same scale. Rows that plain rounding serves
 * better on these samples keep it.
 * @param weight W [n, k]
 * @param rows samples of what the layer is given, [m][k]
 */
export function gptq(weight: Matrix, rows: readonly Float32Array[], bits: Bits): Float32Array {
  const plain = roundToNearest(weight, bits)
  const upper = upperOfInverse(hessian(rows, weight.k), weight.k)
  const made = stepped(weight, upper, bits)
  const [before, after] = [plain, made].map((each) => outputErrors(weight, each, rows))
  const { k } = weight
  for (let row = 0; row < before.length; row++)
    if (after[row] > before[row]) made.set(plain.subarray(row * k, (row + 1) * k), row * k)
  return made
}

/** X^T X + lambda I, [k, k]. */
export function hessian(rows: readonly Float32Array[], k: number): Float64Array {
  const h = new Float64Array(k * k)
  for (const x of rows)
    for (let i = 0; i < k; i++) if (x[i] !== 0) for (let j = 0; j < k; j++) h[i * k + j] += x[i] * x[j]
  let trace = 0
  for (let i = 0; i < k; i++) trace += h[i * k + i]
  const lambda = trace > 0 ? (DAMPING * trace) / k : 1
  for (let i = 0; i < k; i++) h[i * k + i] += lambda
  return h
}

function stepped({ values, k }: Matrix, upper: Float64Array, bits: Bits): Float32Array {
  const rounded = new Float32Array(values.length)
  const block = blockOf(bits, k)
  for (let start = 0; start < values.length; start += k) {
    const w = values.slice(start, start + k)
    let own: BlockScale = { scale: 0, extreme: 0 }
    for (let i = 0; i < k; i++) {
      if (i % block === 0) own = scaleOf(w, i, Math.min(i + block, k), bits)
      const q = i === own.extreme ? atEnd(w[i], own.scale, bits) : nearest(w[i], own.scale, bits)
      rounded[start + i] = q
      const error = (w[i] - q) / upper[i * k + i]
      for (let j = i + 1; j < k; j++) w[j] -= error * upper[i * k + j]
    }
  }
  return rounded
}
