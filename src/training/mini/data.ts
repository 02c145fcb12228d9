import type { RgbImage } from '../../media/image.ts'
import { f32, i64, type Value } from '../../runtime/index.ts'
import {
  askAll,
  COLORS,
  makeScene,
  patchLabels,
  type QA,
  Rng,
  type Scene,
  type SceneKind,
  SHAPES,
  type Split,
  sampleDialogue,
} from '../../world/index.ts'
import { renderPixels } from '../../world/node-canvas.ts'
import { imageMean, imageStd } from './config.ts'
import { denseNames, summaryWidth } from './dense.ts'
import { fromRgba, toPixels } from './images.ts'
import { special } from './tokenizer.ts'

export interface DataOptions {
  readonly batch: number
  /** Text tokens per image. */
  readonly text: number
  readonly side: number
  readonly patch: number
  readonly seed: number
  readonly split: Split
  readonly encode: (text: string) => readonly number[]
}

/** How often each task is asked in training: what is hard is asked more. */
export const taskWeights: Readonly<Record<string, number>> = {
  exist: 0.6,
  color: 0.6,
  shape: 0.6,
  size: 0.5,
  count: 1.6,
  compare: 1,
  relation: 2.2,
  read: 5,
  bar: 2,
  box: 1.6,
  grid: 3.5,
  caption: 1.2,
}
/** How often each kind of scene is drawn. */
const sceneWeights: Readonly<Record<SceneKind, number>> = { objects: 44, text: 27, chart: 15, grid: 14 }
/** One image in this many comes with a dialogue among its questions. */
const DIALOGUE_EVERY = 4

/** The batch of a step: a function of (seed, step) alone, so that a resumed run sees what an unbroken one would. */
export function worldBatch(options: DataOptions, step: number): Record<string, Value> {
  const images = Array.from({ length: options.batch }, (_, at) => worldExample(options, step * options.batch + at))
  const { batch, text, side, patch } = options
  const n = (side / patch) ** 2
  const join = (key: keyof Example) => images.flatMap((image) => Array.from(image[key] as ArrayLike<number>))
  return {
    pixels: f32([batch, 3, side, side], joinFloats(images.map((image) => image.pixels))),
    labels: i64([batch, n, denseNames.length], join('labels')),
    boxes: f32([batch, n, 4], joinFloats(images.map((image) => image.boxes))),
    counts: f32([batch, summaryWidth], joinFloats(images.map((image) => image.summary))),
    ids: i64([batch, text], join('ids')),
    segments: i64([batch, text], join('segments')),
    positions: f32([batch, text], Float32Array.from(join('positions'))),
    targets: i64([batch, text], join('targets')),
    weights: f32([batch, text], Float32Array.from(join('weights'))),
    places: f32([batch, text, 8], Float32Array.from(join('places'))),
    pointed: f32([batch, text, 2], Float32Array.from(join('pointed'))),
  }
}

/** The inputs of a batch that a program names. */
export const pick = (batch: Readonly<Record<string, Value>>, names: Iterable<string>): Record<string, Value> =>
  Object.fromEntries([...names].filter((name) => name in batch).map((name) => [name, batch[name]]))

interface Example extends PackedText {
  readonly pixels: Float32Array
  readonly labels: readonly number[]
  readonly boxes: Float32Array
  readonly summary: Float32Array
}

function worldExample(options: DataOptions, index: number): Example {
  const { side, patch } = options
  const { scene, dialogue, rng } = trainingScene(options, index)
  const questions = askAll(scene, rng, 24, taskWeights).map((qa) => [qa])
  const turns = dialogue ? [dialogue, ...questions] : questions
  const labels = patchLabels(scene, side / patch)
  return {
    pixels: toPixels(imageOf(scene), side, imageMean, imageStd),
    labels: interleave(labels),
    boxes: labels.box,
    summary: summarise(scene),
    ...packText(turns, { ...options, visual: (side / patch) ** 2 }),
  }
}

/** The scene of an index, some with a dialogue, and what goes on to draw its questions. */
export function trainingScene({ split, seed }: Pick<DataOptions, 'split' | 'seed'>, index: number): TrainingScene {
  const rng = Rng.from(seed, 'training', split, index)
  const dialogue = index % DIALOGUE_EVERY === 0 ? sampleDialogue({ split, seed, index }) : undefined
  const scene = dialogue?.scene ?? makeScene({ split, seed, index, kind: rng.weighted(sceneWeights) })
  return { scene, dialogue: dialogue?.turns, rng }
}

export interface TrainingScene {
  readonly scene: Scene
  readonly dialogue?: QA[]
  readonly rng: Rng
}

export const imageOf = (scene: Scene): RgbImage => fromRgba(renderPixels(scene), scene.size, scene.size)

function interleave(labels: ReturnType<typeof patchLabels>): number[] {
  const shifted = {
    ...labels,
    charIndex: labels.charIndex.map((v) => Math.min(v, 6) + 1),
    barValue: labels.barValue.map((v) => v + 1),
  }
  return Array.from(labels.shape).flatMap((_, cell) => denseNames.map((name) => shifted[name][cell]))
}

function summarise({ objects }: Scene): Float32Array {
  const counts = new Float32Array(summaryWidth)
  for (const { color, shape } of objects) {
    counts[COLORS.indexOf(color)] += 0.5
    counts[COLORS.length + SHAPES.indexOf(shape)] += 0.5
    counts[summaryWidth - 1] += 0.25
  }
  return counts
}

export interface PackedText {
  readonly ids: readonly number[]
  readonly segments: readonly number[]
  readonly positions: readonly number[]
  readonly targets: readonly number[]
  readonly weights: readonly number[]
  /** Where to look, at the last token of a question: boxes of the object asked about and of the other one, 0 to 1. */
  readonly places: readonly number[]
  /** 1 for each of the two boxes that the question has. */
  readonly pointed: readonly number[]
}

/**
 * Conversations one after the other, as many as fit, each behind the visual tokens; the model learns the answers and where
 * they end.
 */
export function packText(
  conversations: readonly QA[][],
  { text, visual, encode }: Pick<DataOptions, 'text' | 'encode'> & { readonly visual: number },
): PackedText {
  const [ids, segments, positions, targets, weights]: number[][] = [[], [], [], [], []]
  const [places, pointed]: number[][] = [[], []]
  conversations.forEach((turns, at) => {
    const tokens = turns.flatMap((qa) => tokensOf(qa, encode))
    if (ids.length + tokens.length > text) return
    tokens.forEach(({ id, boxes }, i) => {
      ids.push(id)
      segments.push(at + 1)
      positions.push(visual + i)
      targets.push(tokens[i + 1]?.id ?? special.pad)
      weights.push(tokens[i + 1]?.weight ?? 0)
      places.push(...boxes.flatMap((box) => box?.map((side) => side / 1000) ?? [0, 0, 0, 0]))
      pointed.push(...boxes.map((box) => (box ? 1 : 0)))
    })
  })
  for (let i = ids.length; i < text; i++) {
    for (const list of [ids, positions, targets, weights]) list.push(0)
    segments.push(-1)
    places.push(...new Array(8).fill(0))
    pointed.push(0, 0)
  }
  return { ids, segments, positions, targets, weights, places, pointed }
}

/** A turn: only the answer is learnt. Long answers count for more than short ones, but less than their length. */
function tokensOf({ question, answer, box, other }: QA, encode: DataOptions['encode']): Token[] {
  const said = [...encode(answer), special.eos]
  const weight = 1 / Math.sqrt(said.length)
  const nowhere = [undefined, undefined]
  return [
    ...[special.user, ...encode(question)].map((id) => ({ id, weight: 0, boxes: nowhere })),
    { id: special.assistant, weight: 0, boxes: [box, other] },
    ...said.map((id) => ({ id, weight, boxes: nowhere })),
  ]
}

interface Token {
  readonly id: number
  readonly weight: number
  readonly boxes: readonly (QA['box'] | undefined)[]
}

function joinFloats(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((total, part) => total + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
