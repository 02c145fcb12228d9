import { FoveaError } from '../../errors.ts'
import type { Architecture } from '../../models/family.ts'
import { createScope } from '../../nn/index.ts'
import type { AdapterSource } from '../method/adapter.ts'
import { compose, composed } from '../method/compose.ts'
import { idOf, type Method } from '../method/method.ts'
import { assertAdapters, assertOptions } from '../method/own-weights.ts'
import { wholeKey } from '../method/places.ts'
import { traceLanguage } from './trace-language.ts'
import { traceSquare } from './trace-vision.ts'

/** Gives methods the weights that they have for a model, and makes sure that all of them fit. */
export type AdapterFinder = (method: Method) => Promise<Method>

/**
 * Methods that were written by hand are bound to their weights as those of the catalogue are. What was found is looked for
 * again every time, since it may have been trained anew, and is traced against the model once.
 * @throws FoveaError those of `AdapterSource.find`; `adapter_missing`, `adapter_mismatch` and `adapter_unused` for
 *   weights that do not fit the model, the method or its options
 */
export function adapterFinder(architecture: Architecture, source?: AdapterSource): AdapterFinder {
  const checked = new Map<string, Method>()
  const done = new WeakSet<Method>()
  return async (given) => {
    if (done.has(given)) return given
    const bound = composed(given)
    const parts = bound.parts ?? []
    const equipped = await Promise.all(parts.map((part) => equip(part, source)))
    if (equipped.every(({ adapter }) => adapter === undefined)) return bound
    const method = { ...compose(...equipped), name: bound.name }
    const key = wholeKey(method)
    const known = method.adapter?.hash ? checked.get(key) : undefined
    if (known) return known
    assertAdapters(method, tracedLeaves(architecture, method))
    checked.set(key, method)
    done.add(method)
    return method
  }
}

/** A part with its weights, where there are any. */
async function equip(part: Method, source?: AdapterSource): Promise<Method> {
  if (part.adapter) return part
  if (!source && part.weights !== undefined) throw nowhere(part)
  if (part.needs?.untrained && part.weights === undefined) return part
  const adapter = await source?.find({ id: idOf(part), weights: part.weights })
  if (!adapter) return part
  const settled = (adapter.settles && part.withDefaults?.(adapter.options ?? {})) || part
  assertOptions(settled, adapter)
  return { ...settled, adapter }
}

const nowhere = ({ name, weights }: Method): FoveaError =>
  new FoveaError('adapter_missing', 'usage', `${name}: ${weights} cannot be read here; give the method its adapter`)

/** All weights that the two sides of a model read under a method. */
function tracedLeaves(architecture: Architecture, method: Method) {
  const scope = createScope()
  traceSquare(architecture, method, scope)
  architecture.vision.separator?.(scope)
  traceLanguage(architecture, method, scope)
  return scope.parameters
}
