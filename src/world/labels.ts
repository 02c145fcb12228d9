import { insideObject, objectBox } from './geometry.ts'
import type { Box, Scene } from './scene.ts'
import { letterBoxes } from './text-runs.ts'
import { CHARACTERS, COLORS, FILLS, SHAPES, SIZES } from './vocabulary.ts'

/** Number of classes of each label, the class 0 ("none") included; class i + 1 is entry i of the vocabulary. */
export const LABEL_CLASSES = {
  shape: SHAPES.length + 1,
  color: COLORS.length + 1,
  size: SIZES.length + 1,
  fill: FILLS.length + 1,
  character: CHARACTERS.length + 1,
} as const

/**
 * Ground truth for every cell of a `grid` x `grid` division of the canvas, row by row: arrays of length grid * grid,
 * `box` of 4 times that.
 */
export interface PatchLabels {
  grid: number
  /** Index into `scene.objects`, -1 for none. */
  object: Int32Array
  /** Classes of `LABEL_CLASSES`, 0 for none. */
  shape: Int32Array
  color: Int32Array
  size: Int32Array
  fill: Int32Array
  /** Left, top, right, bottom of that object in 0..1 of the canvas, zeros for none. */
  box: Float32Array
  /** Character whose cell holds the centre: 0 none, 1-26 A-Z, 27-36 digits. */
  character: Int32Array
  /** Position of that character in its word, -1 for none. */
  charIndex: Int32Array
  /** Value of the bar that covers the centre, -1 for none. */
  barValue: Int32Array
}

/** Points per side at which a cell is probed. */
const PROBES = 3
/** Probes that an object must cover to own a cell. */
const LEAST_PROBES = 3

function emptyLabels(grid: number): PatchLabels {
  const cells = grid * grid
  return {
    grid,
    object: new Int32Array(cells).fill(-1),
    shape: new Int32Array(cells),
    color: new Int32Array(cells),
    size: new Int32Array(cells),
    fill: new Int32Array(cells),
    box: new Float32Array(4 * cells),
    character: new Int32Array(cells),
    charIndex: new Int32Array(cells).fill(-1),
    barValue: new Int32Array(cells).fill(-1),
  }
}

/** The cell that a pixel position falls in. */
function cellAt(scene: Scene, grid: number, x: number, y: number): number {
  const clampToGrid = (value: number) => Math.min(grid - 1, Math.max(0, Math.floor((value / scene.size) * grid)))
  return clampToGrid(y) * grid + clampToGrid(x)
}

/** Calls back for every cell that a box touches, with the cell's left and top in pixels. */
function forEachCell(box: Box, size: number, grid: number, visit: (cell: number, x: number, y: number) => void): void {
  const step = size / grid
  const last = grid - 1
  for (let row = Math.max(0, Math.floor(box[1] / step)); row <= Math.min(last, Math.floor(box[3] / step)); row++) {
    const from = Math.max(0, Math.floor(box[0] / step))
    for (let column = from; column <= Math.min(last, Math.floor(box[2] / step)); column++) {
      visit(row * grid + column, column * step, row * step)
    }
  }
}

/** For every probe of every cell the topmost object there; then the object with the most probes owns the cell. */
function assignObjects(scene: Scene, labels: PatchLabels): void {
  const { grid } = labels
  const step = scene.size / grid
  const top = new Int32Array(grid * grid * PROBES * PROBES).fill(-1)
  for (const [index, object] of scene.objects.entries()) {
    forEachCell(objectBox(object), scene.size, grid, (cell, left, upper) => {
      for (let probe = 0; probe < PROBES * PROBES; probe++) {
        const x = left + (((probe % PROBES) + 0.5) / PROBES) * step
        const y = upper + ((Math.floor(probe / PROBES) + 0.5) / PROBES) * step
        if (insideObject(object, x, y)) top[cell * PROBES * PROBES + probe] = index
      }
    })
  }
  const counts = new Int32Array(scene.objects.length)
  for (let cell = 0; cell < grid * grid; cell++) {
    counts.fill(0)
    for (let probe = 0; probe < PROBES * PROBES; probe++) {
      const index = top[cell * PROBES * PROBES + probe]
      if (index >= 0 && ++counts[index] >= LEAST_PROBES) {
        const owner = labels.object[cell]
        if (owner < 0 || counts[index] > counts[owner]) labels.object[cell] = index
      }
    }
  }
}

/** An object too small to own a cell gets the one at its centre, unless another object owns it. */
function assignSmallObjects(scene: Scene, labels: PatchLabels): void {
  const owners = new Set(labels.object)
  for (const [index, object] of scene.objects.entries()) {
    const cell = cellAt(scene, labels.grid, object.x, object.y)
    if (!owners.has(index) && labels.object[cell] < 0) labels.object[cell] = index
  }
}

function writeAttributes(scene: Scene, labels: PatchLabels): void {
  const boxes = scene.objects.map((object) => objectBox(object).map((value) => value / scene.size))
  for (const [cell, index] of labels.object.entries()) {
    if (index < 0) continue
    const object = scene.objects[index]
    labels.shape[cell] = SHAPES.indexOf(object.shape) + 1
    labels.color[cell] = COLORS.indexOf(object.color) + 1
    labels.size[cell] = SIZES.indexOf(object.size) + 1
    labels.fill[cell] = FILLS.indexOf(object.fill) + 1
    labels.box.set(boxes[index], 4 * cell)
  }
}

/** Calls back for the cells whose centre lies in the box. */
function forEachCentre(box: Box, size: number, grid: number, visit: (cell: number) => void): void {
  const half = size / grid / 2
  forEachCell(box, size, grid, (cell, left, top) => {
    const [x, y] = [left + half, top + half]
    if (x >= box[0] && x < box[2] && y >= box[1] && y < box[3]) visit(cell)
  })
}

/** Words, bar labels and axis numbers. A letter that holds no cell's centre gets the cell at its own centre. */
function writeCharacters(scene: Scene, labels: PatchLabels): void {
  const runs = [...scene.words, ...(scene.chart ? [...scene.chart.ticks, ...scene.chart.bars.map((b) => b.label)] : [])]
  for (const run of runs) {
    for (const [index, { character, box }] of letterBoxes(run).entries()) {
      const cells: number[] = []
      forEachCentre(box, scene.size, labels.grid, (cell) => cells.push(cell))
      const middle = cellAt(scene, labels.grid, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
      if (cells.length === 0 && labels.character[middle] === 0) cells.push(middle)
      for (const cell of cells) {
        labels.character[cell] = CHARACTERS.indexOf(character) + 1
        labels.charIndex[cell] = index
      }
    }
  }
}

/**
 * Dense labels of a scene, computed from its geometry. An object owns a cell if it covers at least a third of it and
 * more than any other object; the inside of an outlined object counts as covered, the hole of a ring does not.
 */
export function patchLabels(scene: Scene, grid: number): PatchLabels {
  if (!Number.isInteger(grid) || grid < 1) throw new RangeError(`patchLabels: grid must be a positive integer: ${grid}`)
  const labels = emptyLabels(grid)
  assignObjects(scene, labels)
  assignSmallObjects(scene, labels)
  writeAttributes(scene, labels)
  writeCharacters(scene, labels)
  for (const bar of scene.chart?.bars ?? []) {
    forEachCentre(bar.box, scene.size, grid, (cell) => {
      labels.barValue[cell] = bar.value
    })
  }
  return labels
}
