import type { PackedSlot } from '../../models/views/prompt-form.ts'
import { f32, i64 } from '../../runtime/index.ts'
import type { EncodedView } from '../flow/encoded-view.ts'
import type { PackingFeeds } from '../flow/gather-values.ts'

/** The order of a picture's patches as the graph takes it (`flow/pack.ts`); its views have equally many patches. */
export function packingOf(slots: readonly PackedSlot[], views: readonly EncodedView[]): PackingFeeds {
  const perView = views[0].owner.length
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
        patches[at * most + share] = view * perView + patch
        weights[at * most + share] = weight
      }
  }
  const shape = [slots.length, most]
  return {
    values: { patches: i64(shape, patches), weights: f32(shape, weights), rows: i64([slots.length], rows) },
    whole: views.every(isWhole),
  }
}

/** Each patch is a token of its own, in their order. */
const isWhole = ({ owner, embeds }: EncodedView): boolean =>
  embeds.dims[0] === owner.length && owner.every((token, patch) => token === patch)
