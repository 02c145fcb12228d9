import { COLOR_RGB, type Color, type Rgb } from '../vocabulary.ts'

/** Colours that things are dipped in: those that no shading turns into another. */
export const TINTS = ['red', 'green', 'blue', 'yellow', 'orange', 'purple', 'pink', 'cyan'] as const satisfies Color[]

/** The colour dipped in another: hue and strength of the tint, the light and dark of the drawing. */
export function dipped([r, g, b]: Rgb, tint: Color): Rgb {
  const light = (0.299 * r + 0.587 * g + 0.114 * b) / 255
  const target = COLOR_RGB[tint]
  // Darks keep half of the tint and lights two thirds, so that a drawing's lines stay and white is dyed too.
  const strength = 0.45 + 0.75 * Math.min(light, 0.74)
  const white = light > 0.9 ? 0.3 : 0
  return target.map((value) => Math.min(255, value * strength + white * (255 - value))) as unknown as Rgb
}
