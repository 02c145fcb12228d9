/** What became of the patches of a picture on their way through a model. */
import type { PatchGrid, Report } from '../api/types.ts'

/** `merged`: it shares its token with others, more than all patches do here. */
export type Fate = 'kept' | 'merged' | 'dropped'

/** A place on the way: the picture as it was cut, what the language model was given, or one of its layers. */
export interface Stop {
  readonly name: string
  readonly tokens: number
  /** Counted from 0; -1 before the first. */
  readonly layer: number
  readonly isPicture?: boolean
}

/** The way of visual tokens, from patches to the last layer. */
export function stopsOf({ visual_tokens: tokens }: Report): Stop[] {
  const layers = tokens.layers ?? (tokens.last === tokens.after ? [] : [tokens.last])
  return [
    { name: 'patches', tokens: tokens.before, layer: -1, isPicture: true },
    { name: 'given', tokens: tokens.after, layer: -1 },
    ...layers.map((count, layer) => ({ name: `layer ${layer + 1}`, tokens: count, layer })),
  ]
}

/** The visual tokens that are there in a layer; undefined for all. */
export function aliveAt({ steps }: Pick<Report, 'steps'>, layer: number): ReadonlySet<number> | undefined {
  const step = steps.findLast((one) => one.layer <= layer)
  return step && new Set(step.tokens)
}

/** For each patch of a picture, in order, what has become of it at a stop. */
export function fatesAt(report: Pick<Report, 'steps' | 'patches'>, image: number, stop: Stop): Fate[] {
  const patches = report.patches[image] ?? []
  if (stop.isPicture) return patches.map(() => 'kept')
  const alive = aliveAt(report, stop.layer)
  const sharers = sharersOf(patches)
  const usual = Math.min(...sharers.values())
  return patches.map((token) => {
    if (token < 0 || (alive && !alive.has(token))) return 'dropped'
    return sharers.get(token)! > usual ? 'merged' : 'kept'
  })
}

/** How many patches went into each token. */
function sharersOf(patches: readonly number[]): Map<number, number> {
  const sharers = new Map<number, number>()
  for (const token of patches) if (token >= 0) sharers.set(token, (sharers.get(token) ?? 0) + 1)
  return sharers
}

export interface PatchBox {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** Where each patch lies on a picture of a size, through all of its views. */
export function boxesOf(views: readonly PatchGrid[], width: number, height: number): PatchBox[] {
  return views.flatMap(({ rows, columns, box = { left: 0, top: 0, width, height } }) => {
    const [wide, high] = [box.width / columns, box.height / rows]
    return Array.from({ length: rows * columns }, (_, at) => ({
      left: box.left + (at % columns) * wide,
      top: box.top + Math.floor(at / columns) * high,
      width: wide,
      height: high,
    }))
  })
}

export const countOf = (fates: readonly Fate[], fate: Fate): number => fates.filter((one) => one === fate).length
