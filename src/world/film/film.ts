import type { Direction } from '../language/index.ts'
import type { Background, Word } from '../scene.ts'
import type { Backdrop } from '../things/backdrop.ts'
import type { Item } from '../things/item.ts'
import type { Color } from '../vocabulary.ts'

export const HAPPENINGS = [
  'enter',
  'leave',
  'move',
  'turn',
  'grow',
  'shrink',
  'recolor',
  'blink',
  'collide',
  'hide',
  'flash',
] as const
export type HappeningKind = (typeof HAPPENINGS)[number]

/** Something that happens to an actor between two frames, both counted from the start of the film. */
export interface Happening {
  readonly kind: HappeningKind
  /** Index into the actors of the shot. */
  readonly actor: number
  /** First frame that differs from the one before. */
  readonly from: number
  /** Last frame that does. */
  readonly to: number
  readonly direction?: Direction
  /** How far it goes, in pixels. */
  readonly path?: readonly [number, number]
  readonly color?: Color
  /** The actor that it bumps into or hides behind. */
  readonly other?: number
  /** How many times it blinks. */
  readonly times?: number
  /** The frame in which what was hidden is back in its place. */
  readonly back?: number
}

/** Frames between two cuts. */
export interface Shot {
  readonly from: number
  /** The frame after its last. */
  readonly to: number
  readonly background: Background
  readonly backdrop?: Backdrop
  /** What a moving background drifts by in a frame, in widths of the canvas; 0 for a still one. */
  readonly drift: number
  /** As they are before anything happens, in drawing order. */
  readonly actors: readonly Item[]
  readonly happenings: readonly Happening[]
}

/** A film: what it shows in every frame follows from these numbers alone. */
export interface Film {
  readonly size: number
  /** Frames in a second. */
  readonly rate: number
  readonly frames: number
  readonly seed: number
  readonly noise: number
  readonly shots: readonly Shot[]
  /** A word that stands in one frame. */
  readonly word?: { readonly frame: number; readonly word: Word }
  /** One frame that shows something else. */
  readonly odd?: { readonly frame: number; readonly item: Item; readonly background: Background }
  /** True if it shows a composition that training films never show. */
  readonly heldOut: boolean
}

export const seconds = ({ rate }: Pick<Film, 'rate'>, frame: number): number => Math.round((100 * frame) / rate) / 100

/** The shot that a frame belongs to. */
export function shotAt({ shots }: Film, frame: number): Shot {
  let [low, high] = [0, shots.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (shots[middle].from <= frame) low = middle
    else high = middle - 1
  }
  return shots[low]
}
