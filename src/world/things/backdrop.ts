import { ellipse, rectangle } from '../raster/polygon.ts'
import { fill, type Surface } from '../raster/surface.ts'
import { Rng } from '../rng.ts'
import type { Rgb } from '../vocabulary.ts'

export const BACKDROPS = ['meadow', 'sea', 'room', 'road', 'night', 'desert'] as const
export type BackdropKind = (typeof BACKDROPS)[number]

/** A place drawn behind the things: a function of its seed. */
export interface Backdrop {
  readonly kind: BackdropKind
  readonly seed: number
  /** How far it has moved to the left, in widths of the canvas. */
  readonly drift: number
}

interface Palette {
  readonly sky: Rgb
  readonly ground: Rgb
  readonly detail: Rgb
}

const PALETTES: Readonly<Record<BackdropKind, Palette>> = {
  meadow: { sky: [196, 226, 246], ground: [168, 208, 142], detail: [150, 192, 126] },
  sea: { sky: [208, 232, 244], ground: [134, 186, 214], detail: [160, 206, 228] },
  room: { sky: [240, 230, 212], ground: [200, 172, 140], detail: [186, 156, 124] },
  road: { sky: [222, 228, 232], ground: [150, 152, 156], detail: [222, 218, 190] },
  night: { sky: [28, 34, 66], ground: [30, 52, 48], detail: [232, 226, 190] },
  desert: { sky: [250, 232, 200], ground: [232, 204, 150], detail: [220, 188, 132] },
}

/** Where the details of a backdrop start, drifting round and round. */
function places(count: number, drift: number, rng: Rng): number[] {
  return Array.from({ length: count }, () => {
    const x = rng.float() - drift
    return (x - Math.floor(x)) * 1.4 - 0.2
  })
}

/** Paints a backdrop over a whole surface. */
export function paintBackdrop(surface: Surface, { kind, seed, drift }: Backdrop): void {
  const size = surface.width
  const rng = Rng.from(seed, 'backdrop')
  const { sky, ground, detail } = PALETTES[kind]
  const horizon = size * rng.float(0.45, 0.7)
  fill(surface, [rectangle(0, 0, size, size)], sky)
  if (kind === 'meadow' || kind === 'desert') {
    for (const x of places(3, drift, rng)) fill(surface, [ellipse(x * size, horizon, 0.34 * size, 0.1 * size)], ground)
  }
  fill(surface, [rectangle(0, horizon, size, size)], ground)
  const marks = kind === 'night' ? 14 : 6
  for (const x of places(marks, drift, rng)) {
    const y = kind === 'night' ? rng.float(0, horizon) : horizon + rng.float(0.08, 0.95) * (size - horizon)
    const [rx, ry] = kind === 'night' ? [0.008, 0.008] : [0.06, 0.012]
    fill(surface, [ellipse(x * size, y, rx * size, ry * size)], detail)
  }
}
