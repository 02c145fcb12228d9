import { argsort, reshape, sortAscending, type Tensor, takeAlong } from '../../tensor/index.ts'
import type { Ids } from './ids.ts'
import { gatherRows, writeRows } from './rows.ts'
import { keepVisual, type Sequence, viewNumbers } from './sequence.ts'

/**
 * Keeps visual tokens in another order than they had: within each view as `indices` (i64 [b, k], no two alike) name them,
 * with `states` [b, k, d] in their place. Positions go with the tokens, or close up.
 */
export function keepArranged(seq: Sequence, indices: Tensor, states: Tensor, by: string, ids: Ids): Sequence {
  const byView = argsort(takeAlong(viewNumbers(seq), indices))
  const from = takeAlong(indices, byView)
  const slots = takeAlong(seq.visual, from)
  const kept = keepVisual(seq, sortAscending(indices), by, ids)
  const moved = (all: Tensor, old: Tensor) => {
    const wide = (x: Tensor) => (x.shape.length === 2 ? reshape(x, [...x.shape, 1]) : x)
    return reshape(writeRows(wide(all), kept.visual, gatherRows(wide(old), slots)), all.shape)
  }
  const isPacked = ids === 'pack' && seq.positions.shape.length === 2
  const { row, column } = seq.tags ?? {}
  return {
    ...kept,
    states: writeRows(kept.states, kept.visual, gatherRows(states, byView)),
    positions: isPacked ? kept.positions : moved(kept.positions, seq.positions),
    source: takeAlong(seq.source, from),
    ...(kept.tags && {
      tags: {
        ...kept.tags,
        ...(row && { row: moved(kept.tags.row!, row) }),
        ...(column && { column: moved(kept.tags.column!, column) }),
      },
    }),
  }
}
