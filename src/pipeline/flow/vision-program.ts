import type { WeightTable } from '../../checkpoints/weight-table.ts'
import type { Architecture } from '../../models/family.ts'
import type { View } from '../../models/views/view.ts'
import { createScope } from '../../nn/index.ts'
import { type Backend, type Cost, compile, i64, type Program } from '../../runtime/index.ts'
import { type Dim, evaluateDim } from '../../tensor/index.ts'
import { createCarrying, type StreamPlace } from '../method/carrying.ts'
import type { Method } from '../method/method.ts'
import { assertOwnWeights, weightsUnder } from '../method/own-weights.ts'
import { CarriedValues, carriedOutputs, planOf } from './carried-values.ts'
import type { EncodedView } from './encoded-view.ts'
import { tokenOutputs, traceVision } from './trace-vision.ts'
import { pixelFeeds, type ViewPixels } from './view-pixels.ts'
import { eachView } from './view-values.ts'

/** Vision encoder, connector and the methods between them, for views of one size. */
export interface VisionProgram {
  /**
   * Views in one run, one where it was compiled for one; what the run cost is shared out among them.
   * @param question token ids, for a connector that reads them
   */
  encode(pixels: readonly ViewPixels[], question?: readonly number[], at?: StreamPlace): Promise<EncodedView[]>
  /** Forgets what the frames of a stream left for each other. */
  forget(stream: string): Promise<void>
  dispose(): Promise<void>
}

/** What a vision program is for: one view at a time, views together, or the frames of streams. */
export type VisionUse = 'view' | 'views' | 'stream'

export async function compileVision(
  backend: Backend,
  architecture: Architecture,
  weights: WeightTable,
  method: Method,
  view: View,
  use: VisionUse = 'view',
): Promise<VisionProgram> {
  const scope = createScope()
  const stream = use === 'stream' ? createCarrying() : undefined
  const tokens = traceVision(architecture, method, view, scope, { views: use === 'views' ? 'views' : 1, stream })
  const [outputs, { changedBy, span }] = [tokenOutputs(tokens), tokens]
  assertOwnWeights(method, scope.parameters)
  const carried = stream ? carriedOutputs(stream, method) : {}
  const program: Program = await compile(backend, { ...outputs, ...carried }, weightsUnder(method, weights))
  const frames = stream && new CarriedValues(program, stream, planOf(method))
  const grid = architecture.vision.grid(view)
  return {
    encode: async (pixels, question = [], at) => {
      const { feeds = {}, keep } = (at && (await frames?.of(at))) ?? {}
      const asked = { question: i64([1, question.length], question) }
      const given = { ...readBy(program, { ...pixelFeeds(method, view, pixels), ...asked }), ...feeds }
      const { values, milliseconds, sizes } = await program.run(given, { fetch: Object.keys(outputs), keep })
      const shared = { span: spanIn(span, sizes), changedBy, grid }
      const effort = sharesOf({ milliseconds, cost: program.cost(sizes) }, pixels.length)
      return eachView(values).map((own, index) => ({ ...own, ...shared, ...effort[index] }))
    },
    forget: async (key) => frames?.forget(key),
    dispose: () => program.dispose(),
  }
}

/** Of what could be fed, what a program asks for. */
export function readBy<Feed>({ inputs }: Program, feeds: Readonly<Record<string, Feed>>): Record<string, Feed> {
  const known = new Set(inputs.map(({ name }) => name))
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => known.has(name)))
}

/** What a span is in a run. */
export const spanIn = (span: Dim | undefined, sizes: Readonly<Record<string, number>>): number | undefined =>
  span === undefined ? undefined : evaluateDim(span, new Map(Object.entries(sizes)))

/** What a run took, shared out among its views: whole numbers that add up to it. */
function sharesOf({ milliseconds, cost }: { milliseconds: number; cost: Cost }, views: number) {
  const share = (total: number, at: number) => Math.floor((total * (at + 1)) / views) - Math.floor((total * at) / views)
  return Array.from({ length: views }, (_, at) => ({
    milliseconds: milliseconds / views,
    cost: { flops: share(cost.flops, at), bytes: share(cost.bytes, at) },
  }))
}
