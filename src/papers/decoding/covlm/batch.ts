/** Grounded captions as inputs of a training step. */
import { FoveaError } from '../../../errors.ts'
import type { Architecture } from '../../../models/family.ts'
import { f32, i64 } from '../../../runtime/index.ts'
import type { FeatureBank } from '../../../training/feature-bank.ts'
import type { TrainingData } from '../../../training/recipe.ts'
import type { Batch } from '../../../training/step.ts'
import { findTask, Rng } from '../../../world/index.ts'
import { regionOf } from './boxes.ts'
import { type CaptionSlot, type Corners, groundedCaption } from './captions.ts'
import { gridSide } from './grid.ts'
import { WORDS } from './words.ts'

/** Images of a step, slots of a caption, regions in it, times that it looks, and boxes that each of these finds. */
export const SHAPE = { batch: 8, text: 112, regions: 8, looks: 6, boxes: 4 }

/** Whether a look is at what was named, or at what comes next. */
export const KINDS = { none: 0, visual: 1, previsual: 2 }

/** Chance that an object after the first is looked for before it is named. */
const AHEAD = 0.75

/** Distance in cells from the centre of a box within which cells may stand for it. */
const NEAR = 1.5

/** Scenes of a bank whose captions fit, however their objects are looked for. Throws FoveaError `bank_empty`. */
export function captioned(bank: FeatureBank, data: TrainingData): number[] {
  const fits = (index: number) => {
    const { scene } = bank.scene(index)
    if (scene.kind !== 'objects' || scene.objects.length === 0) return false
    const longest = [0, 1].map((ahead) => captionOf(bank, index, Rng.from(index), data, ahead))
    return longest.every((slots) => {
      const looks = slots.filter(({ finds }) => finds)
      const isShort = slots.length <= SHAPE.text - ROOM && looks.length <= SHAPE.looks
      const regions = slots.filter(({ region }) => region).length
      return isShort && regions <= SHAPE.regions && looks.every(({ finds }) => finds!.length <= SHAPE.boxes)
    })
  }
  const found = Array.from({ length: bank.scenes }, (_, index) => index).filter(fits)
  if (found.length > 0) return found
  const message = `none of ${bank.scenes} scenes has a caption of objects that fits; take more, with --scenes`
  throw new FoveaError('bank_empty', 'usage', message)
}

/** What another wording of the question, and mixed ways of looking, may take. */
const ROOM = 12

/** A question and the grounded caption of a scene. */
export function captionOf(
  bank: FeatureBank,
  index: number,
  rng: Rng,
  { architecture, encode }: TrainingData,
  ahead = AHEAD,
): CaptionSlot[] {
  const { scene } = bank.scene(index)
  const question = findTask('caption').ask(scene, rng)?.question ?? 'describe the image.'
  return groundedCaption(question, scene, rng, { encode, first: architecture.language.vocabulary, ahead })
}

/** What all inputs of a step but the features are, by name. */
export function captionBatch(captions: readonly (readonly CaptionSlot[])[], architecture: Architecture): Batch {
  const grid = gridSide(architecture)
  const { vocabulary } = architecture.language
  const looks = captions.map((slots) => looksIn(slots, vocabulary, grid))
  return { ...textInputs(captions, grid), ...lookInputs(looks, grid) }
}

function textInputs(captions: readonly (readonly CaptionSlot[])[], grid: number): Batch {
  const { batch, text, regions } = SHAPE
  const all = (of: (slots: readonly CaptionSlot[], at: number) => number) =>
    captions.flatMap((slots) => Array.from({ length: text }, (_, at) => of(slots, at)))
  const whole = (of: Parameters<typeof all>[0]) => i64([batch, text], all(of))
  const floats = (of: Parameters<typeof all>[0]) => f32([batch, text], Float32Array.from(all(of)))
  const before = (slots: readonly CaptionSlot[], at: number) => slots.slice(0, at).filter(({ region }) => region).length
  const boxes = captions.flatMap((slots) => {
    const found = slots.flatMap(({ region }) => (region ? [region] : []))
    return Array.from({ length: regions }, (_, at) => found[at])
  })
  return {
    ids: whole((slots, at) => slots[at]?.id ?? 0),
    targets: whole((slots, at) => slots[at + 1]?.id ?? 0),
    weights: floats((slots, at) => slots[at + 1]?.weight ?? 0),
    segments: whole((slots, at) => (at < slots.length ? 1 : -1)),
    positions: floats((slots, at) => (at < slots.length ? grid * grid + at : 0)),
    regionOf: whole((slots, at) => (slots[at]?.region ? before(slots, at) : -1)),
    regions: f32([batch, regions, grid * grid], Float32Array.from(boxes.flatMap((box) => meanOver(box, grid)))),
  }
}

/** What every cell counts in the mean of a region; nothing where there is none. */
function meanOver(box: Corners | undefined, grid: number): number[] {
  if (!box) return new Array<number>(grid * grid).fill(0)
  const [x1, y1, x2, y2] = box
  const region = regionOf({ x1, y1, x2, y2 }, grid)
  const count = (region.x2 - region.x1 + 1) * (region.y2 - region.y1 + 1)
  return Array.from({ length: grid * grid }, (_, cell) => {
    const [row, column] = [Math.floor(cell / grid), cell % grid]
    const isIn = row >= region.y1 && row <= region.y2 && column >= region.x1 && column <= region.x2
    return isIn ? 1 / count : 0
  })
}

interface Look {
  readonly slot: number
  readonly kind: number
  /** Lengths in cells. */
  readonly boxes: readonly (readonly number[])[]
}

function looksIn(slots: readonly CaptionSlot[], vocabulary: number, grid: number): Look[] {
  const found = slots.flatMap(({ id, finds }, slot): Look[] => {
    if (!finds) return []
    const kind = id === vocabulary + WORDS.indexOf('<visual>') ? KINDS.visual : KINDS.previsual
    return [{ slot, kind, boxes: finds.map((box) => box.map((side) => side * grid)) }]
  })
  const none = { slot: 0, kind: KINDS.none, boxes: [] }
  return Array.from({ length: SHAPE.looks }, (_, at) => found[at] ?? none)
}

function lookInputs(rows: readonly (readonly Look[])[], grid: number): Batch {
  const { batch, looks, boxes } = SHAPE
  const all = rows.flat()
  const places = Array.from({ length: boxes }, (_, at) => at)
  const each = (of: (box: readonly number[] | undefined) => readonly number[]) =>
    Float32Array.from(all.flatMap((look) => places.flatMap((at) => of(look.boxes[at]))))
  const maps = batch * looks
  return {
    lookSlots: i64(
      [batch, looks],
      all.map(({ slot }) => slot),
    ),
    lookKinds: i64(
      [maps],
      all.map(({ kind }) => kind),
    ),
    trueBoxes: f32(
      [maps, boxes, 4],
      each((box) => box ?? [0, 0, 0, 0]),
    ),
    realBoxes: f32(
      [maps, boxes],
      each((box) => [box ? 1 : 0]),
    ),
    zones: f32(
      [maps, boxes, grid * grid],
      each((box) => zoneOf(box, grid)),
    ),
  }
}

/** 1 for cells whose centre is near that of a box. */
function zoneOf(box: readonly number[] | undefined, grid: number): number[] {
  return Array.from({ length: grid * grid }, (_, cell) => {
    if (!box) return 0
    const [x, y] = [(cell % grid) + 0.5, Math.floor(cell / grid) + 0.5]
    const [cx, cy] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]
    return Math.abs(x - cx) < NEAR && Math.abs(y - cy) < NEAR ? 1 : 0
  })
}
