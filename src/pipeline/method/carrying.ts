import { input, type Shape, type Tensor } from '../../tensor/index.ts'

/** What goes from one frame of a stream to the next, as a method sees it while its graph is traced. */
export interface Carrying {
  /** What frames before left under a name, of this shape; zeros before any did. */
  carried(name: string, shape: Shape): Tensor
  /** Leaves a value of the same shape for the frames after: every frame does, or those that refresh. */
  carry(name: string, value: Tensor, when?: 'every' | 'refresh'): void
  /**
   * As many zeros, i64 [n], as the share that the method's plan says of `of` comes to, at least 1. What is chosen must be
   * added to them, so that the number is known when the graph runs.
   */
  count(share: string, of: number): Tensor
}

/** What a method says of a frame of a stream, counted from 0, before it is run. */
export interface FramePlan {
  /** By name, of what `count` is asked for. */
  readonly shares?: Readonly<Record<string, number>>
  /** Whether what is carried for frames after a refresh is left anew. */
  readonly refresh?: boolean
}

/** A frame: the stream that it is of, and its number there. */
export interface StreamPlace {
  readonly key: string
  readonly frame: number
  /** Of a frame that is encoded in several parts: which. */
  readonly part?: number
}

/** What was traced of it: shapes of what is read, what is left, and sizes of which each is so many. */
export interface Carried extends Carrying {
  readonly read: ReadonlyMap<string, readonly number[]>
  readonly left: ReadonlyMap<string, { readonly value: Tensor; readonly when: 'every' | 'refresh' }>
  readonly counts: ReadonlyMap<string, number>
}

/** Inputs that hold what frames before left, and outputs that replace it. */
export const carriedName = (name: string): string => `carried.${name}`
export const leftName = (name: string): string => `left.${name}`
export const countName = (share: string): string => `count.${share}`

export function createCarrying(): Carried {
  const [read, left] = [
    new Map<string, readonly number[]>(),
    new Map<string, { value: Tensor; when: 'every' | 'refresh' }>(),
  ]
  const counts = new Map<string, number>()
  return {
    read,
    left,
    counts,
    carried: (name, shape) => {
      read.set(name, shape.map(Number))
      return input(carriedName(name), shape)
    },
    carry: (name, value, when = 'every') => void left.set(name, { value, when }),
    count: (share, of) => {
      counts.set(share, of)
      return input(countName(share), [countName(share)], 'i64')
    },
  }
}
