import type { Architecture } from '../../models/family.ts'
import { squareSide } from '../../models/vision-side.ts'
import { createScope } from '../../nn/index.ts'
import { type Dim, fixedDim, input } from '../../tensor/index.ts'
import type { Carrying } from '../method/carrying.ts'
import type { Method } from '../method/method.ts'
import type { GatheredTokens, VisualTokens } from '../method/visual-tokens.ts'
import { sideBySide } from './deep.ts'
import { type Pictures, see, seeViews } from './see.ts'
import { pixelInputs, type Shaped } from './view-pixels.ts'

/** Of how many views a graph is, a named size for any number of them; and what goes between frames of a stream. */
interface TracedHow {
  readonly views?: Dim
  readonly stream?: Carrying
}

/** The graph of the vision side for views of one size: pixels [views, 3, height, width] -> their tokens. */
export const traceVision = (
  architecture: Architecture,
  method: Method,
  view: Shaped,
  scope = createScope(),
  { views = 1, stream }: TracedHow = {},
): VisualTokens => seeViews(scope, architecture, method, { ...picturesOf(architecture, method, view, views), stream })

/** Inputs for views; the length of the question, where something reads it, is the dim `question`. */
const picturesOf = ({ vision }: Architecture, method: Method, view: Shaped, views: Dim = 1): Pictures => ({
  ...pixelInputs(method, view, views),
  pool: view.pool,
  ...((vision.question || method.needs?.question) && { question: input('question', [1, 'question'], 'i64') }),
})

/** What a program says of tokens: `embeds`, `owner`, each memory and signal by a name of its own, and `places`. */
export function tokenOutputs({ owner, memory, signals, places, ...tokens }: GatheredTokens) {
  const named = (entries: GatheredTokens['memory'], nameOf: (name: string) => string) =>
    Object.fromEntries(Object.entries(entries).map(([name, value]) => [nameOf(name), value]))
  const placed = places && { [PLACES]: places }
  return { embeds: sideBySide(tokens), owner, ...named(memory, memoryName), ...named(signals, signalName), ...placed }
}

/** The output that says where the tokens that are left of a video stand. */
export const PLACES = 'places'

/** What an output of the vision program, and an input of the language program, is called that carries a memory. */
export const memoryName = (name: string): string => `memory.${name}`

export const signalName = (name: string): string => `signal.${name}`

/** All of the vision side for one square view. */
export function traceSquare(architecture: Architecture, method: Method, scope = createScope()): VisualTokens {
  const side = squareSide(architecture.vision)
  return see(scope, architecture, method, picturesOf(architecture, method, { width: side, height: side }))
}

/** Widths of what a method leaves for the language model, by name. */
export function memoryWidths(architecture: Architecture, method: Method): Record<string, number> {
  const { memory } = traceSquare(architecture, method)
  return Object.fromEntries(Object.entries(memory).map(([name, value]) => [name, fixedDim('memory', value, 2)]))
}
