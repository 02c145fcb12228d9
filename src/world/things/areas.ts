import { corners, isRound, RING_HOLE, strokeWidth } from '../geometry.ts'
import { type Coverage, cover, type FillRule, intersect } from '../raster/coverage.ts'
import { IDENTITY, type Matrix, multiply, rotation, scaling, translation } from '../raster/matrix.ts'
import { type Paint, recolored } from '../raster/paint.ts'
import { ellipse, type Polygon, strokeOf, transformed } from '../raster/polygon.ts'
import type { SceneObject } from '../scene.ts'
import type { Rgb } from '../vocabulary.ts'
import type { Art } from './art.ts'
import type { Item, Thing } from './item.ts'
import { dipped } from './tint.ts'

/** One painted area of an item, in pixels. */
export interface Area {
  readonly polygons: readonly Polygon[]
  readonly rule: FillRule
  readonly paint: Paint
  /** From where the paint was made to pixels. */
  readonly matrix: Matrix
  /** Nothing outside of it is painted. */
  readonly within?: readonly Polygon[]
}

/** From an icon's units to pixels. */
function matrixOf(
  { x, y, radius, rotation: angle, mirrored }: Thing,
  [left, top, right, bottom]: readonly number[],
): Matrix {
  const scale = (2 * radius) / Math.max(right - left, bottom - top)
  const turned = multiply(translation(x, y), rotation(angle))
  const scaled = multiply(turned, scaling(mirrored ? -scale : scale, scale))
  return multiply(scaled, translation(-(left + right) / 2, -(top + bottom) / 2))
}

const shifted = (rgb: Rgb, by: Rgb): Rgb =>
  rgb.map((value, c) => Math.min(255, Math.max(0, value + by[c]))) as unknown as Rgb

function areasOfThing(thing: Thing, art: Art): Area[] {
  const { layers, box } = art.icon(thing.vendor, thing.name)
  const matrix = matrixOf(thing, box)
  const change = (rgb: Rgb) => shifted(thing.tint ? dipped(rgb, thing.tint) : rgb, thing.shift)
  return layers.map(({ polygons, rule, paint }) => ({
    polygons: polygons.map((polygon) => transformed(polygon, matrix)),
    rule,
    paint: recolored(paint, change),
    matrix,
  }))
}

function outlineOf(object: SceneObject, radius: number): Polygon[] {
  const { x, y, shape } = object
  if (!isRound(shape)) return [Float64Array.from(corners(object, radius).flat())]
  const hole = RING_HOLE * object.radius + (object.radius - radius)
  return shape === 'ring' ? [ellipse(x, y, radius), ellipse(x, y, hole)] : [ellipse(x, y, radius)]
}

/** Diagonal stripes over an object, as wide as the gaps between them. */
function stripesOf({ x, y, radius }: SceneObject): Polygon[] {
  const pitch = Math.max(6, radius * 0.44)
  const reach = radius * 1.6
  const stripes: Polygon[] = []
  for (let offset = -reach; offset <= reach; offset += pitch) {
    const [left, right, half] = [x + offset - reach, x + offset + reach, pitch / 3]
    stripes.push(Float64Array.of(left, y + reach, left + half, y + reach, right + half, y - reach, right, y - reach))
  }
  return stripes
}

function areasOfFigure(object: SceneObject): Area[] {
  const paint: Paint = { kind: 'solid', rgb: object.rgb, opacity: 1 }
  const width = strokeWidth(object)
  const outline = outlineOf(object, object.radius - width / 2)
  const rule = 'evenodd'
  if (object.fill === 'solid') return [{ polygons: outline, rule, paint, matrix: IDENTITY }]
  const line = outline.flatMap((polygon) => strokeOf(polygon, width, true))
  const edge: Area = { polygons: line, rule: 'nonzero', paint, matrix: IDENTITY }
  if (object.fill === 'outlined') return [edge]
  return [{ polygons: stripesOf(object), rule: 'nonzero', paint, matrix: IDENTITY, within: outline }, edge]
}

/** What is painted for an item, from the bottom up. */
export const areasOf = (item: Item, art: Art | undefined): Area[] =>
  item.kind === 'figure' ? areasOfFigure(item) : areasOfThing(item, art!)

/** The pixels of an area on a canvas of a side. */
export function coverArea({ polygons, rule, within }: Area, size: number): Coverage | undefined {
  const area = cover(polygons, rule, size)
  if (!area || !within) return area
  const clip = cover(within, 'evenodd', size)
  return clip && intersect(area, clip)
}

/** What an item hides of what lies below: the whole inside of figures, without the hole of a ring. */
export function silhouetteOf(item: Item, art: Art | undefined): Pick<Area, 'polygons' | 'rule'>[] {
  if (item.kind === 'figure') return [{ polygons: outlineOf(item, item.radius), rule: 'evenodd' }]
  return areasOfThing(item, art!).filter(({ paint }) => paint.opacity > 0.3)
}
