import type { Architecture } from '../../src/models/family.ts'
import { createScope } from '../../src/nn/index.ts'
import { traceLanguage } from '../../src/pipeline/flow/trace-language.ts'
import { traceVision } from '../../src/pipeline/flow/vision-program.ts'
import { type Adapter, isOwnWeight } from '../../src/pipeline/method/adapter.ts'
import { compose } from '../../src/pipeline/method/compose.ts'
import type { Method } from '../../src/pipeline/method/method.ts'
import { withAdapter } from '../../src/pipeline/method/own-weights.ts'
import { bytesOf, f32, type Value } from '../../src/runtime/index.ts'
import { firstValue } from '../../src/training/initialise.ts'

/** The weights of a method's own as they are before any training, by name; none for a method that has none. */
export function firstWeights(architecture: Architecture, method: Method, seed = 1): Map<string, Value<Float32Array>> {
  const scope = createScope()
  const { viewSize: side } = architecture.vision
  traceVision(architecture, compose(method), { width: side, height: side }, scope)
  traceLanguage(architecture, compose(method), scope)
  const own = [...scope.parameters].filter(([name]) => isOwnWeight(name))
  const value = (name: string) => firstValue(scope, name, { seed, depth: architecture.language.layers })
  return new Map(own.map(([name, { shape }]) => [name, f32(shape.map(Number), value(name))]))
}

/** Weights in memory as an adapter. */
export function adapterOf(name: string, weights: ReadonlyMap<string, Value<Float32Array>>): Adapter {
  const parts = [...weights].map(([weight, { dims: shape, data }]) => ({ weight, shape, bytes: bytesOf(data) }))
  const entries = parts.map(
    ({ weight, shape, bytes }) =>
      [weight, { dtype: 'f32', shape, file: weight, offset: 0, byteLength: bytes.length }] as const,
  )
  return {
    name,
    entries: new Map(entries),
    files: Object.fromEntries(parts.map(({ weight, bytes }) => [weight, bytes])),
  }
}

/** A method that can be run without having been trained: where it has weights of its own, they are random ones. */
export function untrained(architecture: Architecture, method: Method, seed = 1): Method {
  const weights = firstWeights(architecture, method, seed)
  return weights.size === 0 ? method : withAdapter(method, adapterOf(`${method.name}, random`, weights))
}
