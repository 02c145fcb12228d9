import type { Architecture } from '../../models/family.ts'
import type { LanguageModel } from '../../models/language/language-model.ts'
import type { Grid } from '../../models/vision-side.ts'
import type { Dim } from '../../tensor/index.ts'
import type { EncodedView } from '../flow/encoded-view.ts'
import { PLACE } from '../method/ids.ts'
import type { Method } from '../method/method.ts'
import { methodError } from '../method/method-error.ts'
import type { PlacedSlot, Placement } from '../method/placement.ts'

/** Shape of the rotary positions of a sequence: [1, s], or [1, s, axes] where they have several axes. */
export const positionShape = ({ positionAxes: axes }: Pick<LanguageModel, 'positionAxes'>, length: Dim): Dim[] =>
  axes ? [1, length, axes] : [1, length]

type PlacedView = Pick<EncodedView, 'owner' | 'grid' | 'embeds' | 'span' | 'places'> &
  Partial<Pick<EncodedView, 'signals'>>

/** Slots one after another, and the position of what comes after them. */
interface PlacedRun {
  readonly slots: readonly PlacedSlot[]
  readonly end: number
}

/** A text token is at the same place on every axis. */
export const textPosition = (start: number, axes = 1): PlacedRun => ({
  slots: [{ kind: 'text', view: -1, row: -1, column: -1, time: -1, place: new Array<number>(axes).fill(start) }],
  end: start + 1,
})

/**
 * The tokens of a view: one after another, where they stood before others went (`span`), or in a grid where positions have
 * several axes. M-RoPE (Qwen2-VL, arXiv
 * 2409.12191, section 2.1) has time, row and column of each token. A token lies in the middle of the patches that went
 * into it, so one that was kept stays where it was; one that no single patch went into lies in the middle of the view.
 * What follows is one step behind the last place on any axis.
 */
export function viewPositions(seen: PlacedView, view: number, start: number, axes = 1): PlacedRun {
  const places = seen.span === undefined ? undefined : seen.signals?.[PLACE].data
  const slots = tokenPlaces(seen).map((inView, token): PlacedSlot => {
    const [time, row, column] = inView
    const place = axes > 1 ? inView.map((value) => start + value) : [start + (places ? places[token] : token)]
    return { kind: 'visual', view, row, column, time, place }
  })
  return { slots, end: start + spanOf(seen, axes) }
}

/** Positions that the tokens of a view take. */
export const spanOf = ({ grid, span, embeds }: Pick<PlacedView, 'grid' | 'span' | 'embeds'>, axes = 1): number =>
  axes > 1 ? gridSpan(grid) : (span ?? embeds.dims[0])

/**
 * Where the slots of a chunk stand under a method.
 * @throws FoveaError `method_unfit` where the method puts them between whole positions and the model knows only those
 */
export function placedBy(method: Method, architecture: Architecture, own: Placement): Placement {
  const positions = method.read?.positions
  if (!positions) return own
  const placed = positions(own, architecture)
  const { name, language } = architecture
  const between = placed.slots.flatMap(({ place }) => place).find((value) => !Number.isInteger(value))
  if (language.wholePositions === undefined || between === undefined) return placed
  throw methodError(
    `${method.name} puts a token at position ${between}, but the language model of ${name} has ${language.wholePositions} positions and knows only whole ones; use a model with rotary positions`,
  )
}

/** Positions that a grid takes where they have several axes. */
export const gridSpan = (grid: Grid): number => Math.max(...lastPlace(grid)) + 1

const lastPlace = ({ rows, columns, times = [0] }: Grid): number[] => [times.at(-1)!, rows - 1, columns - 1]

/** Time, row and column of each token of a view: where it stands, or the middle of the patches that went into it, or of the view. */
export function tokenPlaces({ owner, grid, embeds, places }: PlacedView): readonly (readonly number[])[] {
  if (places) return places
  const { rows, columns, times = [0] } = grid
  const ends = lastPlace(grid)
  const sums = Array.from({ length: embeds.dims[0] }, () => [0, 0, 0])
  const patches = new Uint32Array(sums.length)
  for (let patch = 0; patch < owner.length; patch++) {
    const token = owner[patch]
    if (token < 0) continue
    const inGrid = patch % (rows * columns)
    const place = sums[token]
    place[0] += times[Math.floor(patch / (rows * columns))]
    place[1] += Math.floor(inGrid / columns)
    place[2] += inGrid % columns
    patches[token]++
  }
  return sums.map((place, token) => {
    return patches[token] > 0 ? place.map((sum) => sum / patches[token]) : ends.map((end) => end / 2)
  })
}
