import type { Architecture } from '../models/family.ts'
import type { Dim } from '../tensor/index.ts'
import type { EncodedView } from './vision-program.ts'

/** Shape of the rotary positions of a sequence: [1, s], or [1, s, axes] where they have several axes. */
export const positionShape = ({ positionAxes: axes }: Pick<Architecture, 'positionAxes'>, length: Dim): Dim[] =>
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
 * of the view. What follows is one step behind the last row or column, whichever are more.
 */
function gridPositions({ owner, grid, embeds }: PlacedView, start: number): Placement {
  const sums = Array.from({ length: embeds.dims[0] }, () => ({ row: 0, column: 0, patches: 0 }))
  for (const [patch, token] of owner.entries()) {
    if (token < 0) continue
    sums[token].row += Math.floor(patch / grid.columns)
    sums[token].column += patch % grid.columns
    sums[token].patches++
  }
  const positions = sums.flatMap(({ row, column, patches }) =>
    patches > 0
      ? [start, start + row / patches, start + column / patches]
      : [start, start + (grid.rows - 1) / 2, start + (grid.columns - 1) / 2],
  )
  return { positions, end: start + Math.max(grid.rows, grid.columns) }
}
