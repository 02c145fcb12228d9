/** Arithmetic on states, each a vector of d numbers. */
import { Rng } from '../../../world/rng.ts'

export type Vector = readonly number[]

export const plus = (a: Vector, b: Vector): Vector => a.map((x, i) => x + b[i])
export const minus = (a: Vector, b: Vector): Vector => a.map((x, i) => x - b[i])
export const times = (a: Vector, factor: number): Vector => a.map((x) => x * factor)
export const dot = (a: Vector, b: Vector): number => a.reduce((sum, x, i) => sum + x * b[i], 0)
export const norm = (a: Vector): number => Math.sqrt(dot(a, a))
export const distance = (a: Vector, b: Vector): number => norm(minus(a, b))
/** 0 where one of them is zero. */
export const cosine = (a: Vector, b: Vector): number => dot(a, b) / (norm(a) * norm(b) || 1)

/** Throws RangeError for none. */
export function mean(vectors: readonly Vector[]): Vector {
  if (vectors.length === 0) throw new RangeError('the mean of no vectors is none')
  const sum = vectors.reduce(plus)
  return times(sum, 1 / vectors.length)
}

/** A vector of the same length in a direction drawn from a seed. */
export function randomLike(vector: Vector, ...streams: readonly [number, ...string[]]): Vector {
  const [seed, ...names] = streams
  const rng = Rng.from(seed, 'direction', ...names)
  const drawn = vector.map(() => rng.normal())
  return times(drawn, norm(vector) / norm(drawn))
}
