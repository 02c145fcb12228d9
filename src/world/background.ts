import type { Rng } from './rng.ts'
import type { Background } from './scene.ts'
import { COLOR_RGB, COLORS, type Color, type Rgb } from './vocabulary.ts'

const LIGHT: Rgb[] = [
  [255, 255, 255],
  [232, 232, 230],
  [250, 244, 226],
  [218, 232, 246],
  [222, 242, 222],
  [250, 226, 226],
  [226, 214, 240],
]
const DARK: Rgb[] = [
  [16, 18, 22],
  [24, 30, 62],
  [52, 54, 58],
  [20, 52, 48],
  [58, 26, 40],
]
const MIDDLE: Rgb[] = [
  [168, 180, 190],
  [188, 176, 152],
  [150, 178, 152],
]

/** Least Euclidean distance in RGB between a drawn colour and the background. */
const LEAST_CONTRAST = 110

export function colorDistance(a: Rgb, b: Rgb): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}

function shifted(rgb: Rgb, amount: number): Rgb {
  return rgb.map((value) => Math.min(255, Math.max(0, Math.round(value + amount)))) as unknown as Rgb
}

/** A background that stays one colour to the eye: gradients and textures move its brightness only a little. */
export function makeBackground(rng: Rng): Background {
  const from = rng.pick({ light: LIGHT, dark: DARK, middle: MIDDLE }[rng.weighted({ light: 55, dark: 33, middle: 12 })])
  const style = rng.weighted({ plain: 50, gradient: 20, dots: 10, lines: 10, checks: 10 })
  const brightness = (from[0] + from[1] + from[2]) / 3
  const step = (style === 'gradient' ? rng.float(14, 26) : rng.float(8, 15)) * (brightness > 128 ? -1 : 1)
  const to = style === 'plain' ? from : shifted(from, step)
  return { style, from, to, angle: Math.round(rng.float(0, Math.PI) * 100) / 100, pitch: rng.int(8, 20) }
}

/** Whether the background is dark, so that axes and rules must be light. */
export function isDark(background: Background): boolean {
  return background.from[0] + background.from[1] + background.from[2] < 3 * 128
}

/** Colours that can be told from the background at any place. */
export function contrastingColors(background: Background): Color[] {
  return COLORS.filter((color) => {
    const rgb = COLOR_RGB[color]
    return Math.min(colorDistance(rgb, background.from), colorDistance(rgb, background.to)) >= LEAST_CONTRAST
  })
}

/** The colour with a jitter of up to 9 per channel. */
export function jitteredRgb(color: Color, rng: Rng): Rgb {
  return COLOR_RGB[color].map((value) => Math.min(255, Math.max(0, value + rng.int(-9, 9)))) as unknown as Rgb
}
