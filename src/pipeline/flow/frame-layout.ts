import type { PackedSlot } from '../../models/views/prompt-form.ts'
import type { FrameLayout } from '../method/visual-tokens.ts'

/**
 * How the tokens of a video lie: so many frames of so many tokens each, or those that a family makes of them where it packs
 * them. Undefined where a family packs the frames otherwise than one after another.
 */
export function frameLayout(count: number, tokens: number, slots?: readonly PackedSlot[]): FrameLayout | undefined {
  if (!slots) return { count, each: tokens }
  const last = slots.findLastIndex((slot) => slot !== 'separator')
  const each = (last + 1) / count
  const isOfFrame = (slot: PackedSlot, at: number) =>
    slot !== 'separator' && slot.every(({ view }) => view === Math.floor(at / each))
  return Number.isInteger(each) && slots.slice(0, last + 1).every(isOfFrame) ? { count, each } : undefined
}
