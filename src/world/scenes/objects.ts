import { contrastingColors, jitteredRgb } from '../background.ts'
import { objectBox, overlap, round2 } from '../geometry.ts'
import { HELD_OUT_PAIRS, HELD_OUT_RELATIONS, isHeldOutPair } from '../held-out.ts'
import type { Rng } from '../rng.ts'
import type { Background, Box, SceneObject } from '../scene.ts'
import { type Color, FILLS, type Fill, SHAPES, type Shape, SIZE_RADIUS, SIZES, type Size } from '../vocabulary.ts'

/** How an object looks, before it has a place. */
export interface Look {
  shape: Shape
  color: Color
  fill: Fill
}

/** What the looks of one scene are drawn from. */
export interface Palette {
  colors: Color[]
  shapes: Shape[]
}

/** Largest allowed overlap of the boxes of two objects. */
const MOST_OVERLAP = 0.1

/**
 * Half of the scenes repeat a few colours and shapes, without which counts above one and references that need two
 * attributes would be rare.
 */
export function makePalette(background: Background, rng: Rng): Palette {
  const colors = rng.shuffle(contrastingColors(background))
  const shapes = rng.shuffle(SHAPES)
  if (rng.chance(0.5)) return { colors, shapes }
  return { colors: colors.slice(0, rng.int(1, 4)), shapes: shapes.slice(0, rng.int(2, 4)) }
}

/** A look that is not held out. */
export function pickLook(palette: Palette, rng: Rng): Look {
  const fill = rng.weighted({ solid: 60, striped: 20, outlined: 20 } satisfies Record<Fill, number>)
  for (;;) {
    const look = { shape: rng.pick(palette.shapes), color: rng.pick(palette.colors), fill }
    if (!isHeldOutPair(look.color, look.shape)) return look
  }
}

/** A look of a held-out pair that contrasts with the background. */
export function pickHeldOutLook(background: Background, rng: Rng): Look {
  const colors = contrastingColors(background)
  const [color, shape] = rng.pick(HELD_OUT_PAIRS.filter(([candidate]) => colors.includes(candidate)))
  return { color, shape, fill: rng.pick(FILLS) }
}

/** An object of the given look and size at a place. */
export function makeObject(look: Look, size: Size, canvas: number, x: number, y: number, rng: Rng): SceneObject {
  const radius = round2(SIZE_RADIUS[size] * canvas * rng.float(0.92, 1.08))
  const rotation = round2(rng.float(-0.14, 0.14))
  return { ...look, size, x: round2(x), y: round2(y), radius, rotation, rgb: jitteredRgb(look.color, rng) }
}

function insideCanvas(box: Box, canvas: number): boolean {
  return box[0] >= 1 && box[1] >= 1 && box[2] <= canvas - 1 && box[3] <= canvas - 1
}

/** Tries free places for an object; smaller sizes are tried when the wanted one does not fit. */
function placeObject(
  look: Look,
  wanted: Size,
  canvas: number,
  taken: readonly Box[],
  blocked: readonly Box[],
  rng: Rng,
): SceneObject | undefined {
  for (let size = SIZES.indexOf(wanted); size >= 0; size--) {
    for (let attempt = 0; attempt < 40; attempt++) {
      const object = makeObject(look, SIZES[size], canvas, rng.float(0, canvas), rng.float(0, canvas), rng)
      const box = objectBox(object)
      if (!insideCanvas(box, canvas)) continue
      if (blocked.some((other) => overlap(box, other) > 0)) continue
      if (taken.every((other) => overlap(box, other) < MOST_OVERLAP)) return object
    }
  }
  return undefined
}

/**
 * Objects at free places, largest placed first so that they find room, in shuffled drawing order.
 * `blocked` boxes (words) are never touched. Objects that find no room are left out.
 */
export function placeObjects(
  looks: readonly Look[],
  sizes: readonly Size[],
  canvas: number,
  blocked: readonly Box[],
  rng: Rng,
): SceneObject[] {
  const order = looks.map((look, i) => ({ look, size: sizes[i] }))
  order.sort((a, b) => SIZES.indexOf(b.size) - SIZES.indexOf(a.size))
  const placed: SceneObject[] = []
  for (const { look, size } of order) {
    const object = placeObject(look, size, canvas, placed.map(objectBox), blocked, rng)
    if (object) placed.push(object)
  }
  return rng.shuffle(placed)
}

/** Which held-out composition a scene is asked to show. */
export type HeldOutKind = 'pair' | 'relation'

/** Looks in the two colours of a held-out arrangement; none where the background hides one of them. */
function pickRelatedLooks(background: Background, rng: Rng): Look[] {
  const colors = contrastingColors(background)
  const seen = HELD_OUT_RELATIONS.filter(([a, , b]) => colors.includes(a) && colors.includes(b))
  if (seen.length === 0) return []
  const [first, , second] = rng.pick(seen)
  return [first, second].map((color) => pickLook({ colors: [color], shapes: [...SHAPES] }, rng))
}

/** Looks of a scene; the first ones are those of a held-out composition on demand. */
export function pickLooks(count: number, background: Background, heldOut: HeldOutKind | undefined, rng: Rng): Look[] {
  const palette = makePalette(background, rng)
  const looks = Array.from({ length: count }, () => pickLook(palette, rng))
  if (heldOut === undefined) return looks
  const special = heldOut === 'pair' ? [pickHeldOutLook(background, rng)] : pickRelatedLooks(background, rng)
  return [...special, ...looks.slice(special.length)]
}

/** Crowded scenes use fewer large objects. */
export function pickSizes(count: number, rng: Rng): Size[] {
  const large = count <= 4 ? 34 : count <= 6 ? 18 : 8
  return Array.from({ length: count }, () => rng.weighted({ small: 33, medium: 33, large }))
}
