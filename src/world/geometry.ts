import type { Box, SceneObject } from './scene.ts'
import type { Shape } from './vocabulary.ts'

export type Point = readonly [number, number]

/** The hole of a ring, as a fraction of its radius. */
export const RING_HOLE = 0.52

const SQUARE: Point[] = [
  [-0.88, -0.88],
  [0.88, -0.88],
  [0.88, 0.88],
  [-0.88, 0.88],
]
const TRIANGLE: Point[] = [
  [0, -0.98],
  [1, 0.8],
  [-1, 0.8],
]
const DIAMOND: Point[] = [
  [0, -1.06],
  [0.76, 0],
  [0, 1.06],
  [-0.76, 0],
]

function starPoints(): Point[] {
  return Array.from({ length: 10 }, (_, i) => {
    const radius = i % 2 === 0 ? 1.08 : 0.46
    const angle = -Math.PI / 2 + (i * Math.PI) / 5
    return [radius * Math.cos(angle), radius * Math.sin(angle)] as const
  })
}

function crossPoints(): Point[] {
  const [arm, half] = [0.98, 0.34]
  const corner: Point[] = [
    [half, -arm],
    [half, -half],
    [arm, -half],
  ]
  return [0, 1, 2, 3].flatMap((turn) => corner.map((point) => rotate(point, (turn * Math.PI) / 2)))
}

function heartPoints(): Point[] {
  return Array.from({ length: 32 }, (_, i) => {
    const t = (i / 32) * 2 * Math.PI
    const y = 13 * Math.cos(t) - 5 * Math.cos(2 * t) - 2 * Math.cos(3 * t) - Math.cos(4 * t)
    return [Math.sin(t) ** 3, -(y + 2.5) / 15.5] as const
  })
}

function rotate([x, y]: Point, angle: number): Point {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return [x * cos - y * sin, x * sin + y * cos]
}

/** Corners in units of the radius; circle and ring are not polygons. */
const POLYGONS: Partial<Record<Shape, Point[]>> = {
  square: SQUARE,
  triangle: TRIANGLE,
  diamond: DIAMOND,
  star: starPoints(),
  cross: crossPoints(),
  heart: heartPoints(),
}

/** True for shapes that are drawn with arcs. */
export function isRound(shape: Shape): boolean {
  return POLYGONS[shape] === undefined
}

/** Width of the line around an outlined or striped object in pixels; 0 for a solid one. */
export function strokeWidth(object: SceneObject): number {
  if (object.fill === 'solid') return 0
  return object.fill === 'outlined' ? 0.19 * object.radius : 0.12 * object.radius
}

/** Corners of a polygonal object in pixels, scaled to the given radius. */
export function corners(object: SceneObject, radius = object.radius): Point[] {
  const [cos, sin] = [Math.cos(object.rotation) * radius, Math.sin(object.rotation) * radius]
  return POLYGONS[object.shape]!.map(([x, y]) => [object.x + x * cos - y * sin, object.y + x * sin + y * cos] as const)
}

/** The exact box of what is drawn, its line included. */
export function objectBox(object: SceneObject): Box {
  const { x, y, radius } = object
  if (isRound(object.shape)) return [x - radius, y - radius, x + radius, y + radius]
  const half = strokeWidth(object) / 2
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const [px, py] of corners(object, radius - half)) {
    left = Math.min(left, px - half)
    right = Math.max(right, px + half)
    top = Math.min(top, py - half)
    bottom = Math.max(bottom, py + half)
  }
  return [left, top, right, bottom]
}

/** Whether a pixel position lies inside the object's silhouette (the inside of outlined shapes included). */
export function insideObject(object: SceneObject, x: number, y: number): boolean {
  const distance = Math.hypot(x - object.x, y - object.y)
  if (object.shape === 'circle') return distance <= object.radius
  if (object.shape === 'ring') return distance <= object.radius && distance >= RING_HOLE * object.radius
  return distance <= 1.4 * object.radius && insidePolygon(corners(object), x, y)
}

/** Even-odd rule. */
function insidePolygon(points: readonly Point[], x: number, y: number): boolean {
  let inside = false
  for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [points[i], points[j]]
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside
  }
  return inside
}

/** Shared area of two boxes over the area of the smaller one. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0])
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1])
  if (width <= 0 || height <= 0) return 0
  return (width * height) / Math.min(boxArea(a), boxArea(b))
}

function boxArea(box: Box): number {
  return (box[2] - box[0]) * (box[3] - box[1])
}

/** A pixel box in the integer 0-1000 coordinates that questions and answers use. */
export function toThousandths(box: Box, size: number): [number, number, number, number] {
  return box.map((value) => Math.round((value / size) * 1000)) as [number, number, number, number]
}

/** Two decimals: keeps scenes short as JSON without moving anything visibly. Never -0, which JSON would lose. */
export function round2(value: number): number {
  return Math.round(value * 100) / 100 + 0
}
