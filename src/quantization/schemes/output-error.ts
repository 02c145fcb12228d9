import type { Matrix } from './grid.ts'

/** Squared error that weights in the place of others make in the outputs for rows x [m][k]: sum of ((w' - w) x)^2, of each row of W. */
export function outputErrors({ values, k }: Matrix, other: Float32Array, rows: readonly Float32Array[]): Float64Array {
  const errors = new Float64Array(values.length / k)
  const difference = new Float64Array(k)
  for (let row = 0; row < errors.length; row++) {
    for (let i = 0; i < k; i++) difference[i] = other[row * k + i] - values[row * k + i]
    for (const x of rows) {
      let sum = 0
      for (let i = 0; i < k; i++) sum += difference[i] * x[i]
      errors[row] += sum * sum
    }
  }
  return errors
}

/** The same over all rows of W. */
export const outputError = (weight: Matrix, other: Float32Array, rows: readonly Float32Array[]): number =>
  outputErrors(weight, other, rows).reduce((a, b) => a + b, 0)

/** Some rows of a matrix, evenly from the first to the last. */
export function someRows({ values, k }: Matrix, most: number): Matrix {
  const count = values.length / k
  if (count <= most) return { values, k }
  const chosen = Array.from({ length: most }, (_, at) => Math.floor((at * (count - 1)) / (most - 1)))
  const taken = new Float32Array(most * k)
  for (const [at, row] of chosen.entries()) taken.set(values.subarray(row * k, (row + 1) * k), at * k)
  return { values: taken, k }
}
