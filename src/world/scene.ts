import type { FontId } from './fonts.ts'
import type { Box, SceneObject } from './scene-object.ts'
import type { Backdrop } from './things/backdrop.ts'
import type { Item } from './things/item.ts'
import type { Color, Rgb } from './vocabulary.ts'

export type { Box, SceneObject } from './scene-object.ts'

/** The kinds that scenes of shapes come in. */
export const SCENE_KINDS = ['objects', 'text', 'chart', 'grid'] as const
export type SceneKind = (typeof SCENE_KINDS)[number]

/** Textures are drawn in `to` over `from`; a gradient runs from `from` to `to` along `angle` (radians). */
export interface Background {
  style: 'plain' | 'gradient' | 'dots' | 'lines' | 'checks'
  from: Rgb
  to: Rgb
  angle: number
  /** Distance between the elements of a texture, in pixels. */
  pitch: number
}

/** Letters set one by one with the advances of `fonts.ts`; `x` is the left edge, `em` the font size. */
export interface TextRun {
  text: string
  font: FontId
  em: number
  x: number
  baseline: number
  rgb: Rgb
}

export interface Word extends TextRun {
  color: Color
}

export interface Bar {
  label: TextRun
  /** 0 to 10. */
  value: number
  color: Color
  rgb: Rgb
  box: Box
}

export interface Chart {
  bars: Bar[]
  ticks: TextRun[]
  /** The plot area: its bottom is value 0, its top is value 10. */
  plot: Box
  ink: Rgb
}

export interface Grid {
  rows: number
  columns: number
  left: number
  top: number
  cell: number
  /** Row by row, the index into `objects`, or -1 for an empty cell. */
  cells: number[]
  ink: Rgb
}

/** Everything that is drawn, as plain data: what is not in here is not in the image. */
export interface Scene {
  /** Scenes of `things` are made and asked about by programs of their own. */
  kind: SceneKind | 'things'
  /** Side of the square canvas in pixels. */
  size: number
  /** Seed of the pixel noise. */
  seed: number
  /** Largest change of a channel by noise (0: none). */
  noise: number
  background: Background
  /** In drawing order: later objects lie on top. */
  objects: SceneObject[]
  /** Top to bottom. */
  words: Word[]
  chart?: Chart
  grid?: Grid
  /** Things and shapes of a scene of kind `things`, in drawing order; `objects` is then empty. */
  items?: Item[]
  /** Drawn in place of the background. */
  backdrop?: Backdrop
  /** True if the scene shows a composition that training scenes never show (see `held-out.ts`). */
  heldOut: boolean
}

/** Side of the canvas unless a caller asks for another. */
export const DEFAULT_SIZE = 192
