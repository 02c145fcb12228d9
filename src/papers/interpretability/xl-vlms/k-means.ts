import { Rng } from '../../../world/rng.ts'
import { distance, mean, type Vector } from './vectors.ts'

/** Concepts U [K, d] of states Z [N, d], and how much of each is in every state, V [N, K]. */
export interface Concepts {
  readonly atoms: readonly Vector[]
  readonly activations: readonly Vector[]
}

const MOST_ROUNDS = 300

/**
 * K-means with the starts of k-means++: U are the centroids, `V = 1 / (1 + distance)`. A function of the seed. Throws
 * RangeError for fewer states than concepts.
 */
export function kMeans(states: readonly Vector[], count: number, seed: number): Concepts {
  if (states.length < count) throw new RangeError(`${states.length} states are too few for ${count} concepts`)
  let atoms = firstAtoms(states, count, Rng.from(seed, 'k-means'))
  let owners: readonly number[] = []
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const next = states.map((state) => nearest(atoms, state))
    if (next.every((owner, at) => owner === owners[at])) break
    owners = next
    atoms = atoms.map((atom, k) => {
      const own = states.filter((_, at) => owners[at] === k)
      return own.length > 0 ? mean(own) : atom
    })
  }
  return { atoms, activations: states.map((state) => atoms.map((atom) => 1 / (1 + distance(atom, state)))) }
}

/** Each further start is drawn by its squared distance to those before. */
function firstAtoms(states: readonly Vector[], count: number, rng: Rng): Vector[] {
  const atoms = [rng.pick(states)]
  while (atoms.length < count) {
    const weights = states.map((state) => Math.min(...atoms.map((atom) => distance(atom, state))) ** 2)
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    let rest = rng.float(0, total)
    const drawn = weights.findIndex((weight) => (rest -= weight) < 0)
    atoms.push(total > 0 && drawn >= 0 ? states[drawn] : rng.pick(states))
  }
  return atoms
}

function nearest(atoms: readonly Vector[], state: Vector): number {
  const distances = atoms.map((atom) => distance(atom, state))
  return distances.indexOf(Math.min(...distances))
}
