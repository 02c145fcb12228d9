import { contrastingColors, jitteredRgb } from '../background.ts'
import { round2 } from '../geometry.ts'
import type { Rng } from '../rng.ts'
import type { Background } from '../scene.ts'
import { FILLS, type Rgb, SHAPES } from '../vocabulary.ts'
import type { Art } from './art.ts'
import { fairColor } from './fair-color.ts'
import type { Figure, Thing } from './item.ts'
import { GROUPS, type ThingName, thingsOf, type Vendor } from './table.ts'
import { TINTS } from './tint.ts'

/** What a scene draws its things from. */
export interface CastOptions {
  readonly art: Art
  readonly vendors: readonly Vendor[]
  /** Share of things that are dipped in a colour, .15 unless given. */
  readonly tints?: number
  /** Names to draw from, all that the vendors draw unless given. */
  readonly names?: readonly string[]
  /** What a free layout shows, one by one, in place of things by chance. */
  readonly exactly?: readonly string[]
}

export interface Spot {
  readonly x: number
  readonly y: number
  readonly radius: number
}

const brightness = (rng: Rng): Rgb => {
  const [all, r, g, b] = [rng.int(-12, 12), rng.int(-8, 8), rng.int(-8, 8), rng.int(-8, 8)]
  return [all + r, all + g, all + b]
}

/** The things that a cast may show, as one of its vendors draws them; all of a vendor who draws none of the names. */
export function candidates({ vendors, names }: CastOptions, rng: Rng): { vendor: Vendor; things: ThingName[] } {
  const vendor = rng.pick(vendors)
  const all = thingsOf(vendor)
  const things = names ? all.filter(({ name }) => names.includes(name)) : all
  return { vendor, things: things.length > 0 ? things : all }
}

/** A thing at a spot; what it looks like is drawn anew. */
export function makeThing(name: string, vendor: Vendor, { x, y, radius }: Spot, cast: CastOptions, rng: Rng): Thing {
  const tint = rng.chance(cast.tints ?? 0.15) ? rng.pick(TINTS) : undefined
  const color = tint ?? fairColor(cast.art, vendor, name)
  return {
    kind: 'thing',
    name,
    vendor,
    x: round2(x),
    y: round2(y),
    radius: round2(radius),
    rotation: round2(rng.float(-0.3, 0.3)),
    mirrored: rng.chance(0.5),
    shift: brightness(rng),
    ...(tint && { tint }),
    ...(color && { color }),
    box: [0, 0, 0, 0],
    visible: 1,
  }
}

/** A shape at a spot, in a colour that can be told from the background. */
export function makeFigure({ x, y, radius }: Spot, background: Background, rng: Rng): Figure {
  const color = rng.pick(contrastingColors(background))
  return {
    kind: 'figure',
    shape: rng.pick(SHAPES),
    color,
    size: 'medium',
    fill: rng.pick(FILLS),
    x: round2(x),
    y: round2(y),
    radius: round2(radius * 0.8),
    rotation: round2(rng.float(-0.14, 0.14)),
    rgb: jitteredRgb(color, rng),
    box: [0, 0, 0, 0],
    visible: 1,
  }
}

/** A thing from any group with equal chance, so that large groups do not rule. */
export function pickName(things: readonly ThingName[], rng: Rng): string {
  const groups = GROUPS.filter((group) => things.some((thing) => thing.group === group))
  const group = rng.pick(groups)
  return rng.pick(things.filter((thing) => thing.group === group)).name
}
