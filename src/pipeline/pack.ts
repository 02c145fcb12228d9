import type { PackedSlot } from '../models/family.ts'
import { f32 } from '../runtime/index.ts'
import type { EncodedView } from './vision-program.ts'

/**
 * All views of an image as one run of tokens, in the order of `slots`. A token that stands for several patches comes
 * where the first of them does; one whose patches have no slot is left out, and so is the separator of an empty row.
 */
export function packViews(views: readonly EncodedView[], slots: readonly PackedSlot[]): EncodedView {
  const width = views[0].embeds.dims[1]
  const placed = views.map((view) => new Array<number>(view.embeds.dims[0]).fill(-1))
  const rows: Float32Array[] = []
  let isRowEmpty = true
  for (const slot of slots) {
    if (slot === 'separator') {
      if (!isRowEmpty) rows.push(views[0].separator!)
      isRowEmpty = true
      continue
    }
    const { embeds, owner } = views[slot.view]
    const token = owner[slot.patch]
    if (token < 0) continue
    isRowEmpty = false
    if (placed[slot.view][token] >= 0) continue
    placed[slot.view][token] = rows.length
    rows.push(embeds.data.subarray(token * width, (token + 1) * width))
  }
  const owner = views.flatMap((view, index) => view.owner.map((token) => (token < 0 ? -1 : placed[index][token])))
  return {
    embeds: joinRows(rows, width),
    owner,
    grid: { rows: 1, columns: owner.length },
    milliseconds: views.reduce((sum, view) => sum + view.milliseconds, 0),
    cost: views.reduce((sum, { cost }) => ({ flops: sum.flops + cost.flops, bytes: sum.bytes + cost.bytes }), {
      flops: 0,
      bytes: 0,
    }),
  }
}

function joinRows(rows: readonly Float32Array[], width: number) {
  const data = new Float32Array(rows.length * width)
  for (const [at, row] of rows.entries()) data.set(row, at * width)
  return f32([rows.length, width], data)
}
