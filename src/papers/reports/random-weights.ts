/** Weights for methods that are not trained yet, so that what must hold whatever they are can be checked. */
import type { Architecture } from '../../models/family.ts'
import { createScope, type FirstValue } from '../../nn/index.ts'
import { traceLanguage } from '../../pipeline/flow/trace-language.ts'
import { traceSquare } from '../../pipeline/flow/trace-vision.ts'
import type { Adapter } from '../../pipeline/method/adapter.ts'
import { compose } from '../../pipeline/method/compose.ts'
import { idOf, type Method } from '../../pipeline/method/method.ts'
import { withAdapter } from '../../pipeline/method/own-weights.ts'
import { initialise } from '../../training/initialise.ts'
import { Rng } from '../../world/rng.ts'

export interface RandomAdapterOptions {
  readonly seed?: number
  /** Exactly what training starts with: then a part that begins as nothing adds nothing. Otherwise noise lies on all of it. */
  readonly untrained?: boolean
}

/** Side in pixels of a view to trace with; of an encoder that takes any size, a small one of several tokens. */
export const sideOf = ({ vision: { viewSize, patchSize } }: Architecture): number =>
  viewSize > patchSize ? viewSize : 8 * patchSize

/** The weights that a method declares in both sides of a model, by name: shape, and first value where it is stated. */
export function ownLeaves(architecture: Architecture, method: Method) {
  const bound = method.parts ? method : compose(method)
  const scope = createScope()
  traceSquare(architecture, bound, scope)
  traceLanguage(architecture, bound, scope)
  return [...scope.parameters]
    .filter(([name]) => name.startsWith('method.'))
    .map(([name, { shape }]) => ({ name, shape: shape.map(Number), first: scope.firsts.get(name) }))
}

/** Weights of its own for a method, in memory and from a seed, as training would leave them beside a model. */
export function randomAdapter(architecture: Architecture, method: Method, options: RandomAdapterOptions = {}): Adapter {
  const { seed = 1, untrained = false } = options
  const leaves = ownLeaves(architecture, method).map((leaf) => ({ ...leaf, data: startOf(leaf, seed, untrained) }))
  const adapter = adapterOf(new Map(leaves.map(({ name, shape, data }) => [name, { shape, data }])))
  return { ...adapter, name: `${untrained ? 'untrained' : 'random'} weights of seed ${seed}` } // programs are kept by it
}

let made = 0

/** An adapter in memory out of values by name; composed methods tell files of several apart by the names of adapters. */
export function adapterOf(values: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>): Adapter {
  const bytes = new Uint8Array([...values.values()].reduce((total, { data }) => total + data.byteLength, 0))
  let offset = 0
  const entries = [...values].map(([name, { shape, data }]) => {
    const entry = { dtype: 'f32', shape, file: 'adapter', offset, byteLength: data.byteLength } as const
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset)
    offset += data.byteLength
    return [name, entry] as const
  })
  return { name: `adapter ${++made} in memory`, entries: new Map(entries), files: { adapter: bytes } }
}

/** A method whose parts have the weights they declare, so that it runs without training; those without stay as they are. */
export function withRandomAdapter(architecture: Architecture, method: Method, options?: RandomAdapterOptions): Method {
  const { entries, ...adapter } = randomAdapter(architecture, method, options)
  const parts = (method.parts ?? [method]).map((part) => {
    const own = [...entries].filter(([name]) => name.startsWith(`method.${idOf(part)}.`))
    return own.length > 0 ? withAdapter(part, { ...adapter, entries: new Map(own) }) : part
  })
  return compose(...parts)
}

interface Leaf {
  readonly name: string
  readonly shape: readonly number[]
  readonly first?: FirstValue
}

function startOf({ name, shape, first }: Leaf, seed: number, untrained: boolean): Float32Array {
  const rng = Rng.from(seed, name)
  const start = first?.(shape, () => rng.normal()) ?? initialise(name, shape, 1, rng)
  if (untrained) return start
  const deviation = shape.length > 1 ? 1 / Math.sqrt(shape.slice(1).reduce((a, b) => a * b, 1)) : 0.3
  const isConstant = start.every((value) => value === start[0])
  return isConstant ? start.map((value) => value + rng.normal() * deviation) : start
}
