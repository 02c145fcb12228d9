import type { Concepts } from './k-means.ts'
import { dot, mean, minus, type Vector } from './vectors.ts'

/** Axes of largest spread, and the mean that activations are measured from. */
export interface Principal extends Concepts {
  readonly mean: Vector
  /** Of the variance along each axis, as a share of all. */
  readonly shares: readonly number[]
}

/**
 * Principal components: eigenvectors of the covariance, largest first, each with its largest entry positive; activations
 * are what is left of a state along them.
 */
export function principalComponents(states: readonly Vector[], count: number): Principal {
  const centre = mean(states)
  const centred = states.map((state) => minus(state, centre))
  const width = centre.length
  const covariance = Array.from({ length: width }, (_, i) =>
    Array.from({ length: width }, (_, j) => centred.reduce((sum, row) => sum + row[i] * row[j], 0) / states.length),
  )
  const { values, vectors } = eigen(covariance)
  const order = values.map((_, at) => at).sort((a, b) => values[b] - values[a])
  const total = values.reduce((sum, value) => sum + value, 0) || 1
  const atoms = order.slice(0, count).map((at) => upright(vectors.map((row) => row[at])))
  return {
    atoms,
    activations: centred.map((state) => atoms.map((atom) => dot(state, atom))),
    mean: centre,
    shares: order.slice(0, count).map((at) => values[at] / total),
  }
}

function upright(vector: Vector): Vector {
  const largest = vector.reduce((most, x) => (Math.abs(x) > Math.abs(most) ? x : most), 0)
  return largest < 0 ? vector.map((x) => -x) : vector
}

const MOST_SWEEPS = 60

/** Jacobi's method for a symmetric matrix: rotations until nothing is left beside the diagonal. Columns are eigenvectors. */
export function eigen(symmetric: readonly Vector[]): { values: number[]; vectors: number[][] } {
  const size = symmetric.length
  const a = symmetric.map((row) => [...row])
  const vectors = a.map((_, i) => a.map((__, j) => Number(i === j)))
  const scale = Math.max(...a.flat().map(Math.abs), Number.MIN_VALUE)
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let beside = 0
    for (let p = 0; p < size; p++)
      for (let q = p + 1; q < size; q++) {
        if (Math.abs(a[p][q]) < 1e-13 * scale) continue
        beside = Math.max(beside, Math.abs(a[p][q]))
        rotate(a, vectors, p, q)
      }
    if (beside === 0) break
  }
  return { values: a.map((row, i) => row[i]), vectors }
}

/** The rotation in the plane of p and q that makes a[p][q] zero. */
function rotate(a: number[][], vectors: number[][], p: number, q: number): void {
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  for (const rows of [a, vectors])
    for (const row of rows) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]]
  const [ap, aq] = [a[p], a[q]]
  for (let k = 0; k < a.length; k++) [ap[k], aq[k]] = [c * ap[k] - s * aq[k], s * ap[k] + c * aq[k]]
}
