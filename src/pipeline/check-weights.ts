import { FoveaError } from '../errors.ts'
import type { Architecture } from '../models/family.ts'
import { createScope } from '../nn/index.ts'
import { input, isFloat, type Tensor } from '../tensor/index.ts'
import { positionShape } from './positions.ts'
import type { TableEntry } from './weight-table.ts'

/** A model traced for one view and one token: what its two sides compute, and all weights that they read. */
export interface TracedModel {
  readonly parameters: ReadonlyMap<string, Tensor>
  readonly vision: readonly Tensor[]
  /** What the language model's head turns into `logits`. */
  readonly hidden: Tensor
  readonly logits: Tensor
}

export function traceModel(architecture: Architecture): TracedModel {
  const scope = createScope()
  const seen = architecture.encode(scope, input('pixels', [1, 3, architecture.viewSize, architecture.viewSize]))
  const question = input('question', [1, 1], 'i64')
  const visual = architecture.connect(scope, seen.patches, { vision: seen, question })
  const separator = architecture.separator?.(scope)
  const vision = ['states' in visual ? visual.states : visual, ...(separator ? [separator] : [])]
  const states = architecture.embed(scope, input('ids', [1, 1], 'i64'))
  const positions = input('positions', positionShape(architecture, 1))
  const { hidden } = architecture.decode(scope, { states, positions }, { answer: states })
  return { parameters: scope.parameters, vision, hidden, logits: architecture.logits(scope, hidden) }
}

/** Every weight the architecture reads, with its shape: traced, so that no list can go stale. */
export const requiredWeights = (architecture: Architecture): ReadonlyMap<string, readonly number[]> =>
  new Map([...traceModel(architecture).parameters].map(([name, leaf]) => [name, leaf.shape.map(Number)]))

const SHOWN = 8

/** Throws one error that lists everything that does not fit: missing, of another shape or dtype, and left over. */
export function checkWeights(
  required: ReadonlyMap<string, readonly number[]>,
  found: ReadonlyMap<string, TableEntry>,
  folder: string,
): void {
  const faults = [...required].flatMap(([name, shape]) => {
    const entry = found.get(name)
    if (!entry) return [`missing ${name} [${shape}]`]
    if (entry.shape.join() !== shape.join()) return [`${name} is [${entry.shape}], config.json asks for [${shape}]`]
    return isFloat(entry.dtype) ? [] : [`${name} is ${entry.dtype}; only f32, f16 and bf16 can be loaded`]
  })
  faults.push(...[...found.keys()].filter((name) => !required.has(name)).map((name) => `unused ${name}`))
  if (faults.length === 0) return
  const more = faults.length > SHOWN ? ` and ${faults.length - SHOWN} more` : ''
  const message = `${folder}: the weights do not fit config.json: ${faults.slice(0, SHOWN).join('; ')}${more}`
  throw new FoveaError('checkpoint_mismatch', 'input', message)
}
