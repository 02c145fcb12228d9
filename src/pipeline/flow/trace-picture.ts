import type { Architecture } from '../../models/family.ts'
import type { PackedSlot } from '../../models/views/prompt-form.ts'
import { sizeOfView, type View } from '../../models/views/view.ts'
import { evaluateDim, fixedDim, type Tensor } from '../../tensor/index.ts'
import { LEFT } from '../method/frames.ts'
import type { Method } from '../method/method.ts'
import { actsIn } from '../method/places.ts'
import { type GatheredTokens, LEFT_OF_VIEW } from '../method/visual-tokens.ts'
import { frameLayout } from './frame-layout.ts'
import { traceGather } from './gather-program.ts'
import { memoryName, traceVision } from './trace-vision.ts'
import { isTileFor } from './view-pixels.ts'

/** What seeing a picture computes, traced for views of these sizes: nothing is run. */
export interface TracedPicture {
  /** What is computed for each view. */
  readonly views: readonly GatheredTokens[]
  /** What is computed of them together, in no, one or several programs. */
  readonly gathered: readonly GatheredTokens[]
  /** Visual tokens that the language model is given; where only the data tells, at most so many. */
  readonly tokens: number
  /** Positions that these take one after another, gaps included where tokens keep their places. */
  readonly span: number
  /** Rows that are left for the language model, by name. */
  readonly memory: Readonly<Record<string, number>>
}

type Sized = Pick<View, 'width' | 'height' | 'clip' | 'pool' | 'tile'>

interface TracedHow {
  readonly slots?: readonly PackedSlot[]
  /** Of dims that a picture does not tell, such as `question`. */
  readonly sizes?: Readonly<Record<string, number>>
  /** Whether the views are the frames of a video. */
  readonly isVideo?: boolean
}

export function tracePicture(
  architecture: Architecture,
  method: Method,
  views: readonly Sized[],
  { slots, sizes = {}, isVideo = false }: TracedHow = {},
): TracedPicture {
  const traces = new Map<string, GatheredTokens>()
  const traced = views.map((view) => {
    const key = `${sizeOfView(view)}|${isTileFor(method, view)}`
    const outputs = traces.get(key) ?? traceVision(architecture, method, view)
    traces.set(key, outputs)
    return outputs
  })
  const most = traced.reduce((most, { owner }) => Math.max(most, fixedDim('patches', owner, 1)), 0)
  const known = new Map(Object.entries({ [LEFT_OF_VIEW]: most, ...sizes }))
  const isGathered = slots !== undefined || actsIn(method, 'picture')
  const gathered = (isGathered ? [...traces.values()] : []).map((outputs) => {
    const count = traced.filter((each) => each === outputs).length
    return traceGather(architecture, method, {
      ...shapeOf(outputs),
      views: count,
      packing: slots && packingShape(slots),
      frames: isVideo ? frameLayout(count, evaluateDim(outputs.states.shape[1], known), slots) : undefined,
    })
  })
  const last = gathered.length > 0 ? gathered : traced
  const inFrames = last.reduce((most, { frames }) => Math.max(most, frames ? frames.count * frames.each : 0), 0)
  const bound = new Map([...known, ['packed', slots?.length ?? 0], [LEFT, inFrames]])
  const rows = ({ shape }: Tensor) =>
    shape.slice(0, 2).reduce<number>((product, dim) => product * evaluateDim(dim, bound), 1)
  const total = (part: (tokens: GatheredTokens) => Tensor) => last.reduce((sum, tokens) => sum + rows(part(tokens)), 0)
  const span = last.reduce((sum, tokens) => sum + spanOf(tokens, rows(tokens.states), bound), 0)
  const names = Object.keys(last[0]?.memory ?? {})
  return {
    views: traced,
    gathered,
    tokens: total(({ states }) => states),
    span,
    memory: Object.fromEntries(names.map((name) => [memoryName(name), total(({ memory }) => memory[name])])),
  }
}

/** Of all views that were traced together. */
function spanOf({ span, states }: GatheredTokens, tokens: number, bound: ReadonlyMap<string, number>): number {
  return span === undefined ? tokens : evaluateDim(states.shape[0], bound) * evaluateDim(span, bound)
}

function shapeOf({ states, owner, memory, signals, span, changedBy }: GatheredTokens) {
  const left = Object.entries(memory).map(([name, value]) => {
    return [name, [value.shape[1], fixedDim('memory', value, 2)] as const] as const
  })
  return {
    tokens: states.shape[1],
    patches: owner.shape[1],
    memory: Object.fromEntries(left),
    signals: Object.keys(signals),
    span,
    changedBy,
  }
}

/** As if nothing were dropped before: at most so many slots are left. */
const packingShape = (slots: readonly PackedSlot[]) => ({
  slots: slots.length,
  most: Math.max(1, ...slots.map((slot) => (slot === 'separator' ? 1 : slot.length))),
  whole: true,
})
