import type { Value } from '../../runtime/index.ts'
import type { ChunkResult, LanguageProgram, Look } from '../flow/language-program.ts'
import type { Needs } from '../method/method.ts'
import { methodError } from '../method/method-error.ts'
import { streamError } from './stream-error.ts'

/** What a stream has in its cache: `start` rows before all frames, then `frames` of `size` rows each. */
export interface Extent {
  readonly start: number
  readonly size: number
  readonly frames: number
}

export const rowsOf = ({ start, size, frames }: Extent): number => start + size * frames

/** What is looked at by a new frame: the last rows, and, once there are more, those before all frames from one distance. */
export function lookOfFrame(extent: Extent, layers: number, { local = Number.POSITIVE_INFINITY }: Store): Look {
  const rows = rowsOf(extent)
  if (rows + extent.size <= local) return { rows: repeated(range(0, rows), layers) }
  const first = Math.max(extent.start, rows - local)
  return { rows: repeated(range(first, rows), layers), sinks: range(0, extent.start) }
}

/** What a question makes its layers look at: all frames, or in each layer those that it takes by itself. */
export function lookOfQuestion(extent: Extent, layers: number, { frames = Number.POSITIVE_INFINITY }: Store): Look {
  const { start, size } = extent
  if (extent.frames <= frames) return { rows: repeated(range(0, rowsOf(extent)), layers) }
  const first = Array.from({ length: extent.frames }, (_, frame) => start + frame * size)
  return { rows: repeated(range(0, start), layers), blocks: { first, length: size, take: frames } }
}

/** The rows of what each layer took, behind those before all frames. Throws FoveaError `method_unfit`. */
export function lookAfter(extent: Extent, asked: Look, { heads }: ChunkResult, by: string): Look {
  if (!asked.blocks) return asked
  const { take } = asked.blocks
  const found = (heads.retrieved as Value | undefined)?.data
  if (found?.length !== asked.rows.length * take)
    throw methodError(`${by} takes some frames of a stream, but says not which: it needs a head named retrieved`)
  const rows = asked.rows.map((before, layer) => {
    const first = Array.from(found.slice(layer * take, (layer + 1) * take), Number)
    return [...before, ...first.flatMap((row) => range(row, row + extent.size))]
  })
  return { rows }
}

/** A look that goes on over what has been said since. Throws FoveaError `stream_window`. */
export function goneOn({ rows }: Look, since: readonly [number, number], added: number, { local }: Store): Look {
  const all = rows.map((before) => [...before, ...range(...since)])
  const count = Math.max(...all.map(({ length }) => length)) + added
  if (count <= (local ?? Number.POSITIVE_INFINITY)) return { rows: all }
  const message = `the frames that a question takes and the words since are ${count} tokens, the window has ${local}; take fewer frames or a wider window`
  throw streamError('window', message)
}

/** Layers must hold the same rows, for frames to lie at the same places in all of them. */
export function assertEven(program: LanguageProgram, key: string, by: string): void {
  const lengths = program.lengths(key)
  if (lengths.every((length) => length === lengths[0])) return
  throw methodError(`${by} retrieves frames, but another method drops tokens of some layers; use one of the two`)
}

export type Store = NonNullable<Needs['store']>

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at)

const repeated = <T>(value: T, count: number): T[] => new Array<T>(count).fill(value)
