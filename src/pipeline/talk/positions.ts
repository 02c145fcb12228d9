import type { LanguageModel } from '../../models/language/language-model.ts'
import type { Grid } from '../../models/vision-side.ts'
import type { Dim } from '../../tensor/index.ts'
import type { EncodedView } from '../flow/vision-program.ts'

/** Shape of the rotary positions of a sequence: [1, s], or [1, s, axes] where they have several axes. */
export const positionShape = ({ positionAxes: axes }: Pick<LanguageModel, 'positionAxes'>, length: Dim): Dim[] =>
  axes ? [1, length, axes] : [1, length]

/** Where tokens lie; where positions have several axes, all of a token together. */
interface Placement {
  readonly positions: readonly number[]
  /** Position of what comes after them. */
  readonly end: number
}

type PlacedView = Pick<EncodedView, 'owner' | 'grid' | 'embeds'>

/** A text token is at the same place on every axis. */
export const textPosition = (start: number, axes = 1): Placement => ({
  positions: new Array<number>(axes).fill(start),
  end: start + 1,
})

/** The tokens of a view: one after another, or in a grid where positions have several axes. */
export function viewPositions(view: PlacedView, start: number, axes = 1): Placement {
  if (axes > 1) return gridPositions(view, start)
  const count = view.embeds.dims[0]
  return { positions: Array.from({ length: count }, (_, token) => start + token), end: start + count }
}

/**
 * M-RoPE (Qwen2-VL, arXiv 2409.12191, section 2.1): time, row and column of each token. A token lies in the middle of the
 * patches that went into it, so one that was kept stays where it was; one that no single patch went into lies in the middle
 * of the view. What follows is one step behind the last place on any axis.
 */
function gridPositions(view: PlacedView, start: number): Placement {
  const positions = tokenPlaces(view).flatMap((place) => place.map((value) => start + value))
  return { positions, end: start + gridSpan(view.grid) }
}

/** Positions that a grid takes where they have several axes. */
export const gridSpan = (grid: Grid): number => Math.max(...lastPlace(grid)) + 1

const lastPlace = ({ rows, columns, times = [0] }: Grid): number[] => [times.at(-1)!, rows - 1, columns - 1]

/** Time, row and column of each token of a view: the middle of the patches that went into it, or of the view. */
export function tokenPlaces({ owner, grid, embeds }: PlacedView): number[][] {
  const { rows, columns, times = [0] } = grid
  const ends = lastPlace(grid)
  const sums = Array.from({ length: embeds.dims[0] }, () => ({ place: [0, 0, 0], patches: 0 }))
  for (const [patch, token] of owner.entries()) {
    if (token < 0) continue
    const inGrid = patch % (rows * columns)
    const place = [times[Math.floor(patch / (rows * columns))], Math.floor(inGrid / columns), inGrid % columns]
    for (const [axis, value] of place.entries()) sums[token].place[axis] += value
    sums[token].patches++
  }
  return sums.map(({ place, patches }) => place.map((sum, axis) => (patches > 0 ? sum / patches : ends[axis] / 2)))
}
