/** Factors of symmetric positive definite matrices [n, n], row by row. */

/** L with L L^T = A, lower. Throws RangeError where A is not positive definite. */
export function cholesky(a: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]
      for (let m = 0; m < j; m++) sum -= lower[i * n + m] * lower[j * n + m]
      if (i === j && !(sum > 0)) throw new RangeError('the matrix is not positive definite')
      lower[i * n + j] = i === j ? Math.sqrt(sum) : sum / lower[j * n + j]
    }
  return lower
}

/** A^-1 from L: columns of the identity through both triangles. */
function inverse(lower: Float64Array, n: number): Float64Array {
  const result = new Float64Array(n * n)
  const column = new Float64Array(n)
  for (let unit = 0; unit < n; unit++) {
    column.fill(0)
    column[unit] = 1
    for (let i = unit; i < n; i++) {
      for (let m = unit; m < i; m++) column[i] -= lower[i * n + m] * column[m]
      column[i] /= lower[i * n + i]
    }
    for (let i = n - 1; i >= 0; i--) {
      for (let m = i + 1; m < n; m++) column[i] -= lower[m * n + i] * column[m]
      column[i] /= lower[i * n + i]
    }
    for (let i = 0; i < n; i++) result[i * n + unit] = column[i]
  }
  return result
}

/** U with U^T U = A^-1, upper: what GPTQ takes its steps by. */
export function upperOfInverse(a: Float64Array, n: number): Float64Array {
  const lower = cholesky(inverse(cholesky(a, n), n), n)
  const upper = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) upper[i * n + j] = lower[j * n + i]
  return upper
}
