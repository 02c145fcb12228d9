import type { Architecture } from '../../models/family.ts'
import { createScope, type Scope } from '../../nn/index.ts'
import { input, type Tensor } from '../../tensor/index.ts'
import { dense } from '../method/compose.ts'
import { allText } from '../method/sequence.ts'
import { positionShape } from '../talk/positions.ts'
import { read } from './read.ts'
import { see } from './see.ts'

/** A model traced for one view and one token: what its two sides compute, and all weights that they read. */
export interface TracedModel {
  readonly parameters: ReadonlyMap<string, Tensor>
  readonly vision: readonly Tensor[]
  /** What the language model's head turns into `logits`. */
  readonly hidden: Tensor
  readonly logits: Tensor
}

export function traceModel(architecture: Architecture, scope: Scope = createScope()): TracedModel {
  const { vision, language } = architecture
  const pixels = input('pixels', [1, 3, vision.viewSize, vision.viewSize])
  const seen = see(scope, architecture, dense, { pixels, question: input('question', [1, 1], 'i64') })
  const separator = vision.separator?.(scope)
  const states = language.embed(scope, input('ids', [1, 1], 'i64'))
  const start = allText(states, input('positions', positionShape(language, 1)))
  const { hidden, logits } = read(scope, architecture, dense, start, { answer: states })
  return {
    parameters: scope.parameters,
    vision: [seen.states, ...(separator ? [separator] : [])],
    hidden,
    logits: logits(hidden),
  }
}

/** Every weight the architecture reads, with its shape: traced, so that no list can go stale. */
export const requiredWeights = (architecture: Architecture): ReadonlyMap<string, readonly number[]> =>
  new Map([...traceModel(architecture).parameters].map(([name, leaf]) => [name, leaf.shape.map(Number)]))
