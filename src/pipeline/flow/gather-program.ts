import type { WeightTable } from '../../checkpoints/weight-table.ts'
import type { Architecture } from '../../models/family.ts'
import { createScope, type Scope } from '../../nn/index.ts'
import { type Backend, compile, i64 } from '../../runtime/index.ts'
import { type Dim, input } from '../../tensor/index.ts'
import { type Carrying, createCarrying, type StreamPlace } from '../method/carrying.ts'
import type { Method } from '../method/method.ts'
import { assertOwnWeights, weightsUnder } from '../method/own-weights.ts'
import { actsIn } from '../method/places.ts'
import type { FrameLayout, GatheredTokens } from '../method/visual-tokens.ts'
import { CarriedValues, carriedOutputs, planOf } from './carried-values.ts'
import { takenApart, tokenWidth } from './deep.ts'
import type { EncodedView } from './encoded-view.ts'
import { frameRun } from './frame-run.ts'
import { gatherViews } from './gather.ts'
import { feedsOf, type PackingFeeds, packedView, splitViews } from './gather-values.ts'
import type { Packing } from './pack.ts'
import { memoryName, PLACES, signalName, tokenOutputs } from './trace-vision.ts'
import { readBy, spanIn } from './vision-program.ts'

export interface GatherHow {
  /** Token ids, for methods that read them. */
  readonly question?: readonly number[]
  /** Of a frame of a stream: which it is. */
  readonly at?: StreamPlace
}

/** Makes of the views of a picture, all with equally many tokens and patches, what a method and the family make of them together. */
export interface GatherProgram {
  gather(views: readonly EncodedView[], packing?: PackingFeeds, how?: GatherHow): Promise<EncodedView[]>
  /** Forgets what the frames of a stream left for each other. */
  forget(stream: string): Promise<void>
  dispose(): Promise<void>
}

/** What decides about the graph. */
export interface GatherShape {
  readonly views: Dim
  /** Of each view. */
  readonly tokens: Dim
  readonly patches: Dim
  /** Rows and width of what each view left, by name. */
  readonly memory: Readonly<Record<string, readonly [rows: Dim, width: number]>>
  readonly signals: readonly string[]
  readonly span?: Dim
  readonly changedBy: readonly string[]
  /** Of a video: how the tokens of its frames lie. */
  readonly frames?: FrameLayout
  readonly packing?: { readonly slots: Dim; readonly most: number; readonly whole: boolean }
}

/** Methods see sizes as numbers: what they do across views may be written out for so many. Without one, sizes are names. */
export function gatherShape(
  method: Method,
  views: readonly EncodedView[],
  packing?: PackingFeeds,
  frames?: FrameLayout,
): GatherShape {
  const [first] = views
  const isFixed = actsIn(method, 'picture')
  const sizeOf = (name: string, size: number): Dim => (isFixed ? size : name)
  const memory = Object.entries(first.memory).map(([name, { dims }]) => {
    return [name, [sizeOf(`rows.${name}`, dims[0]), dims[1]] as const] as const
  })
  const [slots, most] = packing?.values.patches.dims ?? []
  return {
    views: sizeOf('views', views.length),
    tokens: sizeOf('tokens', Math.max(...views.map(({ embeds }) => embeds.dims[0]))),
    patches: sizeOf('patches', first.owner.length),
    memory: Object.fromEntries(memory),
    signals: Object.keys(first.signals),
    ...(first.span !== undefined && { span: sizeOf('span', first.span) }),
    changedBy: first.changedBy,
    ...(packing && { packing: { slots: sizeOf('slots', slots), most, whole: packing.whole } }),
    ...(isFixed && frames && { frames }),
  }
}

/** The graph: tokens of all views, by the names of their parts -> the same of the picture. */
export function traceGather(
  architecture: Architecture,
  method: Method,
  shape: GatherShape,
  scope: Scope = createScope(),
  stream?: Carrying,
): GatheredTokens {
  const { views, tokens, patches, memory, signals, span, changedBy, frames, packing } = shape
  const given: GatheredTokens = {
    ...takenApart(input('given.embeds', [views, tokens, tokenWidth(architecture)]), architecture),
    owner: input('given.owner', [views, patches], 'i64'),
    memory: Object.fromEntries(
      Object.entries(memory).map(([name, [rows, wide]]) => [
        name,
        input(`given.${memoryName(name)}`, [views, rows, wide]),
      ]),
    ),
    signals: Object.fromEntries(signals.map((name) => [name, input(`given.${signalName(name)}`, [views, tokens])])),
    span,
    changedBy,
  }
  const question = method.needs?.question && input('question', [1, 'question'], 'i64')
  const options = { packing: packing && packingInputs(packing), frames, question, stream }
  return gatherViews(scope, architecture, method, given, options)
}

const packingInputs = ({ slots, most, whole }: NonNullable<GatherShape['packing']>): Packing => ({
  patches: input('packing.patches', [slots, most], 'i64'),
  weights: input('packing.weights', [slots, most]),
  rows: input('packing.rows', [slots], 'i64'),
  whole,
})

export async function compileGather(
  backend: Backend,
  architecture: Architecture,
  weights: WeightTable,
  method: Method,
  shape: GatherShape,
  ofStream = false,
): Promise<GatherProgram> {
  const scope = createScope()
  const stream = ofStream ? createCarrying() : undefined
  const tokens = traceGather(architecture, method, shape, scope, stream)
  const [outputs, { changedBy, span }] = [tokenOutputs(tokens), tokens]
  assertOwnWeights(method, scope.parameters)
  const carried = stream ? carriedOutputs(stream, method) : {}
  const program = await compile(backend, { ...outputs, ...carried }, weightsUnder(method, weights))
  const frames = stream && new CarriedValues(program, stream, planOf(method))
  return {
    gather: async (views, packing, { question = [], at } = {}) => {
      const { feeds: before, keep } = (at && (await frames?.of(at))) ?? {}
      const all = { ...feedsOf(views, packing), question: i64([1, question.length], question) }
      const given = { ...readBy(program, all), ...before }
      const { values, milliseconds, sizes } = await program.run(given, { fetch: Object.keys(outputs), keep })
      const bound = { span: views[0].span ?? 0, slots: packing?.values.patches.dims[0] ?? 0, ...sizes }
      const own = { milliseconds, cost: program.cost(sizes), changedBy, span: spanIn(span, bound) }
      if (packing) return [packedView(views, values, own)]
      return values[PLACES] ? [frameRun(views, values, own)] : splitViews(views, values, own)
    },
    forget: async (key) => frames?.forget(key),
    dispose: () => program.dispose(),
  }
}
