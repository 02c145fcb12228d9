import { f16ToF32 } from '../../checkpoints/dtypes.ts'
import type { TableEntry, WeightTable } from '../../checkpoints/weight-table.ts'
import { FoveaError } from '../../errors.ts'
import type { CompileOptions } from '../../runtime/index.ts'
import type { Leaf, Tensor } from '../../tensor/index.ts'
import { type Adapter, isOwnWeight } from './adapter.ts'
import { idOf, type Method } from './method.ts'
import { methodError } from './method-error.ts'

/** A method with its weights. */
export const withAdapter = (method: Method, adapter: Adapter): Method => ({ ...method, adapter })

/** The weights of several methods; undefined where none has any. Throws FoveaError `method_unfit` where two replace the same. */
export function joinAdapters(parts: readonly Method[]): Adapter | undefined {
  const given = parts.flatMap((part) => (part.adapter ? [{ part, adapter: part.adapter }] : []))
  if (given.length <= 1) return given[0]?.adapter
  const owners = new Map<string, { part: Method; adapter: Adapter }>()
  for (const each of given)
    for (const name of each.adapter.entries.keys()) {
      const other = owners.get(name)
      if (other && other.adapter !== each.adapter)
        throw methodError(`${other.part.name} and ${each.part.name} both bring the weight ${name}; use one of the two`)
      owners.set(name, each)
    }
  const entries = [...owners].map(([name, { adapter }]) => [name, ownFile(adapter, name)] as const)
  const files = given.flatMap(({ adapter }) =>
    Object.entries(adapter.files).map(([file, content]) => [`${adapter.name}/${file}`, content] as const),
  )
  const hashes = given.flatMap(({ adapter }) => adapter.hash ?? [])
  return {
    name: given.map(({ adapter }) => adapter.name).join(' and '),
    entries: new Map(entries),
    files: Object.fromEntries(files),
    ...(hashes.length > 0 && { hash: hashes.join(' ') }),
  }
}

/** Files of one name may come from several folders. */
function ownFile(adapter: Adapter, name: string): TableEntry {
  const entry = adapter.entries.get(name)!
  return { ...entry, file: `${adapter.name}/${entry.file}` }
}

/**
 * How a program under a method finds its weights: those of the method first, then the model's. A layer whose weight a
 * method replaces is computed with it as it is, in a quantized model too.
 */
export function weightsUnder(method: Method, table: WeightTable): WeightTable['compileOptions'] {
  const { adapter } = method
  const { compileOptions } = table
  if (!adapter) return compileOptions
  const weights: CompileOptions['weights'] = (name) => {
    const entry = adapter.entries.get(name)
    if (!entry) return compileOptions.weights?.(name)
    const { dtype, shape, file, offset, byteLength: length } = entry
    const held = adapter.files[file]
    // What is in memory becomes part of the program: engines that map files of weights take no others beside them.
    if (typeof held !== 'string') return { dtype, shape, content: held.subarray(offset, offset + length) }
    return { dtype, shape, content: { file: `${ADAPTER}${file}`, offset, length } }
  }
  const paths = Object.entries(adapter.files).filter(([, content]) => typeof content === 'string')
  const files = paths.map(([file, content]) => [`${ADAPTER}${file}`, content] as const)
  const { rewrite } = compileOptions
  return {
    ...compileOptions,
    weights,
    files: { ...compileOptions.files, ...Object.fromEntries(files) },
    ...(rewrite && { rewrite: (outputs) => rewrite(outputs, (name) => adapter.entries.has(name)) }),
  }
}

/** The values of a weight, where its adapter is in memory. */
export function valuesIn(adapter: Adapter | undefined, weight: Tensor): Float32Array | undefined {
  const entry = adapter?.entries.get((weight.attrs as Leaf).name)
  const held = entry && adapter!.files[entry.file]
  if (!entry || held === undefined || typeof held === 'string') return undefined
  const bytes = held.slice(entry.offset, entry.offset + entry.byteLength).buffer
  if (entry.dtype === 'f16') return f16ToF32(new Uint16Array(bytes))
  return entry.dtype === 'f32' ? new Float32Array(bytes) : undefined
}

/** Before the names of a method's files, so that none is taken for one of the model's. */
const ADAPTER = 'adapter/'

const SHOWN = 3

const listed = (names: readonly string[]): string => {
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''
  return `${names.slice(0, SHOWN).join(', ')}${more}`
}

const mismatch = (message: string): FoveaError => new FoveaError('adapter_mismatch', 'input', message)

/**
 * Holds the leaves of a traced program against what a method brings.
 * @throws FoveaError `adapter_missing` for weights of a method's own that are nowhere, `adapter_mismatch` for those of
 *   another shape
 */
export function assertOwnWeights(method: Method, leaves: ReadonlyMap<string, Tensor>): void {
  const own = [...leaves].filter(([name]) => isOwnWeight(name))
  for (const part of method.parts ?? [method]) {
    const wanted = own.filter(([name]) => name.startsWith(`method.${idOf(part)}.`))
    const missing = wanted.filter(([name]) => !part.adapter?.entries.has(name)).map(([name]) => name)
    if (missing.length > 0) throw missingError(part, missing)
    for (const [name, { shape: found }] of part.adapter?.entries ?? []) {
      const shape = leaves.get(name)?.shape
      if (!shape || found.join() === shape.join()) continue
      throw mismatch(
        `${part.name}: ${part.adapter!.name} has ${name} as [${found}], this model and these options ask for [${shape}]; it was trained for others`,
      )
    }
  }
}

/** The same for everything that a model and a method trace, and that nothing is left over: `adapter_unused`. */
export function assertAdapters(method: Method, leaves: ReadonlyMap<string, Tensor>): void {
  assertOwnWeights(method, leaves)
  for (const { name, adapter } of method.parts ?? [method]) {
    const unused = [...(adapter?.entries.keys() ?? [])].filter((weight) => !leaves.has(weight))
    if (unused.length === 0) continue
    const message = `${name}: nothing uses ${listed(unused)} of ${adapter!.name}; it belongs to another method, version or options`
    throw new FoveaError('adapter_unused', 'input', message)
  }
}

/** Throws FoveaError `adapter_mismatch` for an adapter that was trained for other options. */
export function assertOptions({ name, options = {} }: Method, adapter: Adapter): void {
  const other = Object.entries(adapter.options ?? {}).find(([key, value]) => key in options && options[key] !== value)
  if (!other) return
  const [key, value] = other
  throw mismatch(`${name}: ${adapter.name} was trained with ${key}=${value}, not ${key}=${options[key]}; ask for that`)
}

function missingError(part: Method, missing: readonly string[]): FoveaError {
  const id = idOf(part)
  const [problem, advice] = part.adapter
    ? [`${part.adapter.name} lacks ${listed(missing)}`, 'it belongs to another version or to other options']
    : [
        `it has weights of its own (${listed(missing)}), and none are there for this model`,
        `name their folder: ${id}:weights=FOLDER (fovea train lists the methods that can be trained)`,
      ]
  return new FoveaError('adapter_missing', 'input', `${part.name}: ${problem}; ${advice}`)
}
