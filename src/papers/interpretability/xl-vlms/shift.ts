/** How concepts move between two models, or two ways of running one. arXiv 2501.03012, section 3. */
import type { Concepts } from './k-means.ts'
import { cosine, distance, mean, minus, norm, plus, type Vector } from './vectors.ts'

/** `owner(m) = argmax_k |V_k(x_m)|` */
export const ownersOf = ({ activations }: Concepts): number[] =>
  activations.map((row) => {
    const sizes = row.map(Math.abs)
    return sizes.indexOf(Math.max(...sizes))
  })

/** A concept's shift: `u_s = u + alpha Delta`, Delta the mean of `b_m - a_m` over the samples that it owns. */
export interface Shift {
  readonly concept: number
  readonly samples: number
  readonly delta: Vector
  readonly shifted: Vector
  /** Mean cosine of each sample's change with the shift: how much it is one. */
  readonly consistency: number
}

/** Shifts of all concepts that own a sample. */
export function shiftsOf(concepts: Concepts, before: readonly Vector[], after: readonly Vector[], alpha = 1): Shift[] {
  const owners = ownersOf(concepts)
  return concepts.atoms.flatMap((atom, concept) => {
    const own = owners.flatMap((owner, at) => (owner === concept ? [minus(after[at], before[at])] : []))
    if (own.length === 0) return []
    const delta = mean(own)
    const shifted = plus(
      atom,
      delta.map((x) => alpha * x),
    )
    const consistency = own.reduce((sum, change) => sum + cosine(change, delta), 0) / own.length
    return [{ concept, samples: own.length, delta, shifted, consistency }]
  })
}

/** How much nearer the shift brings a concept to its partner, as a share of the way: 1 is all of it. */
export function distanceGain(from: Vector, shifted: Vector, partner: Vector): number {
  const whole = distance(partner, from)
  return whole > 0 ? (whole - distance(partner, shifted)) / whole : 0
}

/** The partner of each atom of `a` among those of `b`, each once, so that the cosines are largest together. */
export const matchAtoms = (a: readonly Vector[], b: readonly Vector[]): number[] =>
  assign(a.map((left) => b.map((right) => -cosine(left, right))))

/**
 * The cheapest assignment of rows to columns of a square table of costs: row i gets column result[i]. H. W. Kuhn, The
 * Hungarian method for the assignment problem, 1955; in the form with potentials and shortest paths.
 */
export function assign(costs: readonly Vector[]): number[] {
  const size = costs.length
  const [rows, columns] = [new Array<number>(size + 1).fill(0), new Array<number>(size + 1).fill(0)]
  const taken = new Array<number>(size + 1).fill(0)
  for (let row = 1; row <= size; row++) takePath(costs, row, rows, columns, taken)
  const found = new Array<number>(size)
  for (let column = 1; column <= size; column++) found[taken[column] - 1] = column - 1
  return found
}

/** Gives one more row a column, moving those before along the cheapest path. */
function takePath(costs: readonly Vector[], row: number, rows: number[], columns: number[], taken: number[]): void {
  const size = costs.length
  const least = new Array<number>(size + 1).fill(Number.POSITIVE_INFINITY)
  const from = new Array<number>(size + 1).fill(0)
  const visited = new Array<boolean>(size + 1).fill(false)
  taken[0] = row
  let column = 0
  do {
    visited[column] = true
    const current = taken[column]
    let [step, next] = [Number.POSITIVE_INFINITY, 0]
    for (let j = 1; j <= size; j++) {
      if (visited[j]) continue
      const cost = costs[current - 1][j - 1] - rows[current] - columns[j]
      if (cost < least[j]) [least[j], from[j]] = [cost, column]
      if (least[j] < step) [step, next] = [least[j], j]
    }
    for (let j = 0; j <= size; j++) {
      if (visited[j]) [rows[taken[j]], columns[j]] = [rows[taken[j]] + step, columns[j] - step]
      else least[j] -= step
    }
    column = next
  } while (taken[column] !== 0)
  for (let back = column; back !== 0; back = from[back]) taken[back] = taken[from[back]]
}

/** `s = mean(B) - mean(A)` */
export const coarseVector = (source: readonly Vector[], target: readonly Vector[]): Vector =>
  minus(mean(target), mean(source))

/** `s_ij = u_j - u_i` */
export const fineVector = ({ atoms }: Concepts, i: number, j: number): Vector => minus(atoms[j], atoms[i])

/** A vector's length as a share of how long states are. */
export const relativeNorm = (vector: Vector, states: readonly Vector[]): number =>
  norm(vector) / (states.reduce((sum, state) => sum + norm(state), 0) / states.length)
