import type { Color, Fill, Rgb, Shape, Size } from './vocabulary.ts'

/** Left, top, right, bottom, in pixels unless said otherwise. */
export type Box = readonly [number, number, number, number]

/** One shape on the canvas. `x`, `y` is its centre, `rotation` is in radians. */
export interface SceneObject {
  shape: Shape
  color: Color
  size: Size
  fill: Fill
  x: number
  y: number
  radius: number
  rotation: number
  rgb: Rgb
}
