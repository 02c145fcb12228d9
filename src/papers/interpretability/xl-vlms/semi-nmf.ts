import { type Concepts, kMeans } from './k-means.ts'
import { dot, minus, norm, plus, times, type Vector } from './vectors.ts'

export interface SemiNmfOptions {
  /** Weight of the penalty on activations. */
  readonly lambda?: number
  readonly rounds?: number
}

/**
 * Semi-nonnegative factors: `min ||Z - V U||^2 / 2 + lambda |V|_1` with V >= 0 and atoms of norm at most 1, by coordinate
 * descent over activations and atoms in turns, from the centroids of k-means. No round makes the objective larger.
 */
export function semiNmf(
  states: readonly Vector[],
  count: number,
  seed: number,
  { lambda = 1, rounds = 40 }: SemiNmfOptions = {},
): Concepts {
  let atoms: readonly Vector[] = kMeans(states, count, seed).atoms.map(unit)
  let activations: readonly Vector[] = states.map(() => new Array<number>(count).fill(0))
  for (let round = 0; round < rounds; round++) {
    activations = states.map((state, at) => sparse(state, atoms, activations[at], lambda))
    atoms = fitAtoms(states, activations, atoms)
  }
  return { atoms, activations: states.map((state, at) => sparse(state, atoms, activations[at], lambda)) }
}

/** What the factors leave of the states, and what activations cost. */
export function objective(states: readonly Vector[], { atoms, activations }: Concepts, lambda = 1): number {
  return states.reduce((sum, state, at) => {
    const left = minus(state, combine(activations[at], atoms))
    return sum + dot(left, left) / 2 + lambda * activations[at].reduce((all, v) => all + v, 0)
  }, 0)
}

const combine = (weights: Vector, atoms: readonly Vector[]): Vector =>
  atoms.map((atom, k) => times(atom, weights[k])).reduce(plus)

const unit = (vector: Vector): Vector => times(vector, 1 / (norm(vector) || 1))

/** One pass over the activations of a state: `v_k = max(0, (r . u_k - lambda) / |u_k|^2)`, r without what k explains. */
function sparse(state: Vector, atoms: readonly Vector[], before: Vector, lambda: number): Vector {
  const weights = [...before]
  let left = minus(state, combine(weights, atoms))
  for (const [k, atom] of atoms.entries()) {
    const square = dot(atom, atom)
    if (square === 0) continue
    const next = Math.max(0, weights[k] + (dot(left, atom) - lambda) / square)
    left = minus(left, times(atom, next - weights[k]))
    weights[k] = next
  }
  return weights
}

/** One pass over the atoms: each the least-squares one given the others, drawn back onto the unit ball. */
function fitAtoms(states: readonly Vector[], activations: readonly Vector[], before: readonly Vector[]): Vector[] {
  const atoms = [...before]
  const left = states.map((state, at) => minus(state, combine(activations[at], atoms)))
  for (const [k, atom] of before.entries()) {
    const weights = activations.map((row) => row[k])
    const square = dot(weights, weights)
    if (square === 0) continue
    const pull = left.map((row, at) => times(row, weights[at])).reduce(plus)
    const free = plus(atom, times(pull, 1 / square))
    atoms[k] = times(free, 1 / Math.max(1, norm(free)))
    const change = minus(atoms[k], atom)
    for (const [at, row] of left.entries()) left[at] = minus(row, times(change, weights[at]))
  }
  return atoms
}
