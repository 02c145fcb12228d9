import type { Box, SceneObject } from '../scene-object.ts'
import type { Color, Rgb } from '../vocabulary.ts'
import type { Vendor } from './table.ts'

/** What drawing order and occlusion leave of an item. */
interface Shown {
  /** Around it, cut off at the canvas, in pixels. */
  box: Box
  /** Share of it that is seen: not covered by later items, not off the canvas. */
  visible: number
}

/** A thing as one vendor draws it. `x`, `y` is its centre, `radius` half of its longer side, `rotation` in radians. */
export interface Thing extends Shown {
  kind: 'thing'
  name: string
  vendor: Vendor
  x: number
  y: number
  radius: number
  rotation: number
  mirrored: boolean
  /** Added to every channel of all its colours. */
  shift: Rgb
  /** The colour that it was dipped in, if any. */
  tint?: Color
  /** The colour that it may be called by: its tint, or what all trained vendors agree on; absent where that is unfair. */
  color?: Color
}

/** A shape among things. */
export interface Figure extends SceneObject, Shown {
  kind: 'figure'
}

export type Item = Thing | Figure

/** What an item is called in English. */
export const nameOf = (item: Item): string => (item.kind === 'thing' ? item.name : item.shape)
