import { round2 } from '../geometry.ts'
import type { Scene } from '../scene.ts'
import type { Figure, Item, Thing } from '../things/item.ts'
import { COLOR_RGB, type Rgb } from '../vocabulary.ts'
import type { Table } from './table.ts'

/** From above, and slanted from the near edge of the table. */
export const CAMERAS = ['top', 'front'] as const
export type Camera = (typeof CAMERAS)[number]

const WOOD: Rgb = [214, 180, 138]
const FAR: Rgb = [176, 196, 214]

/** Where a camera sees a place, and how large. */
function project(camera: Camera, x: number, y: number, size: number): { x: number; y: number; scale: number } {
  if (camera === 'top') return { x: x * size, y: y * size, scale: size }
  const scale = 0.62 + 0.34 * y
  return { x: (0.5 + (x - 0.5) * scale) * size, y: (0.3 + 0.62 * y) * size, scale: scale * size }
}

const unseen = { box: [0, 0, 0, 0] as const, visible: 1 }

function gripperItem({ gripper }: Table, camera: Camera, size: number): Figure {
  const { x, y, scale } = project(camera, gripper.x, gripper.y, size)
  const rgb = COLOR_RGB[gripper.closed ? 'black' : 'gray']
  const radius = round2(scale * (gripper.closed ? 0.035 : 0.05))
  const look = { shape: 'ring', color: gripper.closed ? 'black' : 'gray', size: 'small', fill: 'solid' } as const
  return { kind: 'figure', ...look, x: round2(x), y: round2(y), radius, rotation: 0, rgb, ...unseen }
}

/** What a camera sees of a table: a scene to draw, the gripper as a ring that is black when closed. */
export function viewOf(table: Table, camera: Camera, size = 128): Scene {
  const sorted = [...table.things].sort((a, b) => a.y - b.y)
  const things = sorted.map((thing): Thing => {
    const { x, y, scale } = project(camera, thing.x, thing.y, size)
    const { name, vendor } = thing
    const place = { x: round2(x), y: round2(y), radius: round2(thing.radius * scale), rotation: 0, mirrored: false }
    return { kind: 'thing', name, vendor, ...place, shift: [0, 0, 0], ...unseen }
  })
  const items: Item[] = [...things, gripperItem(table, camera, size)]
  const [from, to] = camera === 'top' ? [WOOD, WOOD] : [FAR, WOOD]
  const background = { style: camera === 'top' ? 'plain' : 'gradient', from, to, angle: 1.57, pitch: 10 } as const
  return { kind: 'things', size, seed: 0, noise: 0, background, objects: [], words: [], items, heldOut: false }
}
