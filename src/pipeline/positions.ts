import type { Architecture } from '../models/family.ts'
import type { Dim } from '../tensor/index.ts'
import type { EncodedView } from './vision-program.ts'

/** Shape of the rotary positions of a sequence: [1, s], or [1, s, axes] where they have several axes. */
export const positionShape = ({ positionAxes: axes }: Architecture, length: Dim): Dim[] =>
  axes ? [1, length, axes] : [1, length]

type PlacedView = Pick<EncodedView, 'owner' | 'grid' | 'embeds'>

/**
 * M-RoPE (Qwen2-VL, arXiv 2409.12191, section 2.1): time, row and column of each token of a view, from `start`. A token
 * lies in the middle of the patches that went into it, so one that was kept stays where it was; one that no single patch
 * went into lies in the middle of the view.
 */
export function gridPositions({ owner, grid, embeds }: PlacedView, start: number): number[] {
  const sums = Array.from({ length: embeds.dims[0] }, () => ({ row: 0, column: 0, patches: 0 }))
  for (const [patch, token] of owner.entries()) {
    if (token < 0) continue
    sums[token].row += Math.floor(patch / grid.columns)
    sums[token].column += patch % grid.columns
    sums[token].patches++
  }
  return sums.flatMap(({ row, column, patches }) =>
    patches > 0
      ? [start, start + row / patches, start + column / patches]
      : [start, start + (grid.rows - 1) / 2, start + (grid.columns - 1) / 2],
  )
}

/** How far the text after a view lies behind its start: the view takes a step per row or column, whichever are more. */
export const gridExtent = ({ grid }: PlacedView): number => Math.max(grid.rows, grid.columns)
