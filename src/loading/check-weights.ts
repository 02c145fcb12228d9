import type { TableEntry } from '../checkpoints/weight-table.ts'
import { FoveaError } from '../errors.ts'
import { configError } from '../models/config.ts'
import { createScope, type Scope } from '../nn/index.ts'
import { isFloat, ShapeError } from '../tensor/index.ts'

const SHOWN = 8
/** A trace ends here: what asks for this much that is not there is another model, or none. */
const MAX_FAULTS = 1000

class TraceEnded extends Error {}

const numbersIn = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

function faultOf(name: string, shape: readonly number[], entry?: TableEntry): string | undefined {
  if (!entry) return `missing ${name} [${shape}]`
  if (entry.shape.join() !== shape.join()) return `${name} is [${entry.shape}], config.json asks for [${shape}]`
  return isFloat(entry.dtype) ? undefined : `${name} is ${entry.dtype}; only f32, f16 and bf16 can be loaded`
}

/**
 * Everything that does not fit: missing, of another shape or dtype, and left over. Each weight is compared when it is
 * first asked for, so sizes that the checkpoint does not bear out end the trace before anything grows with them.
 */
function weightFaults(trace: (scope: Scope) => unknown, found: ReadonlyMap<string, TableEntry>): string[] {
  const stored = [...found.values()].reduce((total, { shape }) => total + numbersIn(shape), 0)
  const faults: string[] = []
  const scope = createScope((name, dims) => {
    const shape = dims.map(Number)
    const fault = faultOf(name, shape, found.get(name))
    if (fault === undefined) return
    faults.push(fault)
    if (faults.length > MAX_FAULTS || numbersIn(shape) > stored) throw new TraceEnded()
  })
  try {
    trace(scope)
  } catch (error) {
    if (error instanceof TraceEnded) return faults
    if (!(error instanceof ShapeError)) throw error
    throw configError('', `its sizes contradict each other: ${error.message}`)
  }
  const unused = [...found.keys()].filter((name) => !scope.parameters.has(name))
  return [...faults, ...unused.map((name) => `unused ${name}`)]
}

/**
 * Holds what a model asks for while it is traced against what a checkpoint has. Throws FoveaError `checkpoint_mismatch` that
 * lists what does not fit, or `config_invalid` for sizes that fit nothing.
 */
export function checkWeights(
  trace: (scope: Scope) => unknown,
  found: ReadonlyMap<string, TableEntry>,
  folder: string,
): void {
  const faults = weightFaults(trace, found)
  if (faults.length === 0) return
  const more = faults.length > SHOWN ? ` and ${faults.length - SHOWN} more` : ''
  const message = `${folder}: the weights do not fit config.json: ${faults.slice(0, SHOWN).join('; ')}${more}`
  throw new FoveaError('checkpoint_mismatch', 'input', message)
}
