import type { Scope } from '../nn/index.ts'
import type { Shape } from '../tensor/index.ts'
import { Rng } from '../world/rng.ts'

/** First value of a leaf: the one that was stated where it is used, or the one that its name and shape stand for. */
export function firstValue(
  { firsts, parameters }: Pick<Scope, 'firsts' | 'parameters'>,
  name: string,
  from: FirstFrom,
) {
  const { shape } = parameters.get(name)!
  const rng = Rng.from(from.seed, 'initialise', name)
  return firsts.get(name)?.(shape.map(Number), () => rng.normal()) ?? initialise(name, shape, from.depth, rng)
}

export interface FirstFrom {
  readonly seed: number
  /** Layers of the network. */
  readonly depth: number
}

/**
 * First value of a weight, from its name and shape: norms are 1, biases 0, embeddings small, matrices and kernels
 * normal with variance 1 / fan-in, and what writes into the residual stream smaller by sqrt(2 * depth).
 */
export function initialise(name: string, shape: Shape, depth: number, rng: Rng): Float32Array {
  const sizes = shape.map(Number)
  const data = new Float32Array(sizes.reduce((a, b) => a * b, 1))
  if (name.endsWith('bias')) return data
  if (sizes.length === 1 && !name.includes('embedding')) return data.fill(1)
  const deviation = standardDeviation(name, sizes, depth)
  for (let i = 0; i < data.length; i++) data[i] = rng.normal() * deviation
  return data
}

function standardDeviation(name: string, sizes: readonly number[], depth: number): number {
  if (/embed_tokens|position_embedding|class_embedding/.test(name)) return name.includes('embed_tokens') ? 0.5 : 0.05
  const fanIn = sizes.slice(1).reduce((a, b) => a * b, 1)
  const residual = /(o_proj|out_proj|down_proj|fc2)\.weight$/.test(name)
  return 1 / Math.sqrt(fanIn) / (residual ? Math.sqrt(2 * depth) : 1)
}
