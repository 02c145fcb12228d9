import type { PackedSlot } from '../../models/views/prompt-form.ts'
import { f32, i64, type Value } from '../../runtime/index.ts'

/** The order of an image's patches as the graph takes it (`flow/pack.ts`), for views of equally many patches. */
export function packingFeeds(
  slots: readonly PackedSlot[],
  patchesPerView: number,
): Record<'patches' | 'weights' | 'rows', Value> {
  const most = Math.max(1, ...slots.map((slot) => (slot === 'separator' ? 1 : slot.length)))
  const patches = new Array<number>(slots.length * most).fill(-1)
  const weights = new Float32Array(slots.length * most)
  const rows: number[] = []
  let row = 0
  for (const [at, slot] of slots.entries()) {
    rows.push(row)
    if (slot === 'separator') row++
    else
      for (const [share, { view, patch, weight }] of slot.entries()) {
        patches[at * most + share] = view * patchesPerView + patch
        weights[at * most + share] = weight
      }
  }
  const shape = [slots.length, most]
  return { patches: i64(shape, patches), weights: f32(shape, weights), rows: i64([slots.length], rows) }
}
