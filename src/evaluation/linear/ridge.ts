/** Linear models of many targets by ridge regression. A. E. Hoerl, R. W. Kennard, Ridge Regression, 1970. */
import { cholesky } from '../../quantization/schemes/cholesky.ts'

export type Rows = readonly (readonly number[])[]

/** Columns of targets in rows of inputs: `y = w (x - mean x) + intercept`. */
export interface Linear {
  /** Of each target, [V][d]. */
  readonly weights: Rows
  /** Of each target: its mean. */
  readonly intercepts: readonly number[]
  /** Of inputs, [d]. */
  readonly centre: readonly number[]
}

/** Means of columns. */
export function columnMeans(rows: Rows): number[] {
  const sums = new Array<number>(rows[0].length).fill(0)
  for (const row of rows) for (let i = 0; i < row.length; i++) sums[i] += row[i]
  return sums.map((sum) => sum / rows.length)
}

const centred = (rows: Rows, means: readonly number[]): number[][] => rows.map((row) => row.map((x, i) => x - means[i]))

/** A^T B: rows [n, a] and [n, b] -> [a][b]. */
function crossProducts(a: Rows, b: Rows): Float64Array[] {
  const sums = Array.from({ length: a[0].length }, () => new Float64Array(b[0].length))
  for (let n = 0; n < a.length; n++)
    for (let i = 0; i < sums.length; i++) {
      const [x, row, sum] = [a[n][i], b[n], sums[i]]
      for (let j = 0; j < sum.length; j++) sum[j] += x * row[j]
    }
  return sums
}

/** What a fit needs of its data, made once for all strengths. */
interface Moments {
  readonly centre: readonly number[]
  readonly intercepts: readonly number[]
  /** X^T X [d][d] and X^T Y [d][V], both centred. */
  readonly gram: readonly Float64Array[]
  readonly cross: readonly Float64Array[]
}

function momentsOf(x: Rows, y: Rows): Moments {
  if (x.length !== y.length || x.length < 2)
    throw new RangeError(`a linear fit needs as many targets as inputs, two at least: got ${x.length} and ${y.length}`)
  const [centre, intercepts] = [columnMeans(x), columnMeans(y)]
  const [inputs, targets] = [centred(x, centre), centred(y, intercepts)]
  return { centre, intercepts, gram: crossProducts(inputs, inputs), cross: crossProducts(inputs, targets) }
}

/** `(X^T X + lambda I)^-1 X^T Y`, a row for each target. */
function solve({ gram, cross }: Moments, lambda: number): number[][] {
  const d = gram.length
  const flat = new Float64Array(d * d)
  for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) flat[i * d + j] = gram[i][j] + (i === j ? lambda : 0)
  const lower = cholesky(flat, d)
  return Array.from({ length: cross[0].length }, (_, target) =>
    throughTriangles(
      lower,
      cross.map((row) => row[target]),
    ),
  )
}

/** x with L L^T x = b, from L [n, n]. */
function throughTriangles(lower: Float64Array, b: number[]): number[] {
  const n = b.length
  for (let i = 0; i < n; i++) {
    for (let m = 0; m < i; m++) b[i] -= lower[i * n + m] * b[m]
    b[i] /= lower[i * n + i]
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let m = i + 1; m < n; m++) b[i] -= lower[m * n + i] * b[m]
    b[i] /= lower[i * n + i]
  }
  return b
}

/**
 * `W^T = (X^T X + lambda I)^-1 X^T Y` of centred X [N, d] and Y [N, V]; the means are kept apart and are not shrunk. Throws
 * RangeError for rows that do not match, and where lambda is 0 and the inputs are dependent.
 */
export function ridge(x: Rows, y: Rows, lambda: number): Linear {
  const moments = momentsOf(x, y)
  return { weights: solve(moments, lambda), intercepts: moments.intercepts, centre: moments.centre }
}

/** What a model says of inputs: [n][V]. */
export const predict = ({ weights, intercepts, centre }: Linear, x: Rows): number[][] =>
  centred(x, centre).map((row) =>
    weights.map((w, v) => w.reduce((sum, weight, i) => sum + weight * row[i], intercepts[v])),
  )

/** A fit with a strength of its own for each target. */
export interface Chosen extends Linear {
  readonly lambdas: readonly number[]
}

/**
 * Ridge with the strength that leaves the least squared error on held-out folds, target by target; ties to the weaker. Row n
 * is in fold n mod `folds`, so nothing is drawn.
 */
export function crossValidatedRidge(x: Rows, y: Rows, grid: readonly number[], folds = 5): Chosen {
  if (grid.length === 0) throw new RangeError('cross-validation needs a strength to try')
  const errors = grid.map(() => new Float64Array(y[0].length))
  for (let fold = 0; fold < folds; fold++) {
    const held = (rows: Rows) => rows.filter((_, n) => n % folds === fold)
    const rest = (rows: Rows) => rows.filter((_, n) => n % folds !== fold)
    const moments = momentsOf(rest(x), rest(y))
    for (const [at, lambda] of grid.entries())
      addErrors(errors[at], { ...moments, weights: solve(moments, lambda) }, held(x), held(y))
  }
  const best = Array.from(y[0], (_, v) =>
    grid.reduce((least, _l, at) => (errors[at][v] < errors[least][v] ? at : least), 0),
  )
  const moments = momentsOf(x, y)
  const fits = grid.map((lambda, at) => (best.includes(at) ? solve(moments, lambda) : undefined))
  const { centre, intercepts } = moments
  return { weights: best.map((at, v) => fits[at]![v]), intercepts, centre, lambdas: best.map((at) => grid[at]) }
}

function addErrors(into: Float64Array, fit: Linear, x: Rows, y: Rows): void {
  for (const [n, row] of predict(fit, x).entries())
    for (let v = 0; v < into.length; v++) into[v] += (row[v] - y[n][v]) ** 2
}
