import type { TableEntry, WeightTable } from '../../checkpoints/weight-table.ts'
import { FoveaError } from '../../errors.ts'
import type { CompileOptions } from '../../runtime/index.ts'
import type { Tensor } from '../../tensor/index.ts'
import type { Adapter } from './adapter.ts'
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
  return {
    name: given.map(({ adapter }) => adapter.name).join(' and '),
    entries: new Map(entries),
    files: Object.fromEntries(files),
  }
}

/** Files of one name may come from several folders. */
function ownFile(adapter: Adapter, name: string): TableEntry {
  const entry = adapter.entries.get(name)!
  return { ...entry, file: `${adapter.name}/${entry.file}` }
}

/** How a program under a method finds its weights: those of the method first, then the model's. */
export function weightsUnder(method: Method, table: WeightTable): WeightTable['compileOptions'] {
  const { adapter } = method
  const { compileOptions } = table
  if (!adapter) return compileOptions
  const weights: CompileOptions['weights'] = (name) => {
    const entry = adapter.entries.get(name)
    if (!entry) return compileOptions.weights?.(name)
    const { dtype, shape, file, offset, byteLength } = entry
    return { dtype, shape, content: { file: `${ADAPTER}${file}`, offset, length: byteLength } }
  }
  const files = Object.entries(adapter.files).map(([file, content]) => [`${ADAPTER}${file}`, content] as const)
  return { ...compileOptions, weights, files: { ...compileOptions.files, ...Object.fromEntries(files) } }
}

/** Before the names of a method's files, so that none is taken for one of the model's. */
const ADAPTER = 'adapter/'

const SHOWN = 3

/**
 * Holds the leaves of a traced program against what a method brings.
 * @throws FoveaError `adapter_missing` for weights of a method's own that are nowhere, `adapter_mismatch` for those of
 *   another shape
 */
export function assertOwnWeights(method: Method, leaves: ReadonlyMap<string, Tensor>): void {
  const own = [...leaves].filter(([name]) => name.startsWith('method.'))
  for (const part of method.parts ?? [method]) {
    const wanted = own.filter(([name]) => name.startsWith(`method.${idOf(part)}.`))
    const missing = wanted.filter(([name]) => !part.adapter?.entries.has(name)).map(([name]) => name)
    if (missing.length > 0) throw missingError(part, missing)
    for (const [name, { shape }] of wanted) {
      const found = part.adapter!.entries.get(name)!.shape
      if (found.join() === shape.join()) continue
      const message = `${part.name}: ${part.adapter!.name} has ${name} as [${found}], this model and these options ask for [${shape}]; it was trained for others`
      throw new FoveaError('adapter_mismatch', 'input', message)
    }
  }
}

function missingError(part: Method, missing: readonly string[]): FoveaError {
  const id = idOf(part)
  const shown = missing.slice(0, SHOWN).join(', ')
  const more = missing.length > SHOWN ? ` and ${missing.length - SHOWN} more` : ''
  const [problem, advice] = part.adapter
    ? [`${part.adapter.name} lacks ${shown}${more}`, 'it belongs to another version or to other options']
    : [
        `it has weights of its own (${shown}${more}), and none are there for this model`,
        `train them with fovea train ${id}, or name their folder: ${id}:weights=FOLDER`,
      ]
  return new FoveaError('adapter_missing', 'input', `${part.name}: ${problem}; ${advice}`)
}
