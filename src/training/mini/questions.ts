/** Scenes of training and the text about them, without their pixels. */
import { makeScene, type QA, Rng, type Scene, type SceneKind, type Split, sampleDialogue } from '../../world/index.ts'
import { special, turn } from './tokenizer.ts'

type Encode = (text: string) => readonly number[]

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

/** The scene of an index, some with a dialogue, and what goes on to draw its questions. */
export function trainingScene(
  { split, seed }: { readonly split: Split; readonly seed: number },
  index: number,
): TrainingScene {
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
  /** When to look, at the same token: start and end as shares of the film. */
  readonly times: readonly number[]
  /** 1 where the question is about a time. */
  readonly timed: readonly number[]
}

export interface PackOptions {
  /** Text tokens per image. */
  readonly text: number
  /** Slots before them: visual tokens, and what is written around these. */
  readonly visual: number
  /** How long a film is that the questions are about. */
  readonly seconds?: number
  readonly encode: Encode
}

/**
 * Conversations one after the other, as many as fit, each behind the visual tokens; the model learns the answers and where
 * they end.
 */
export function packText(
  conversations: readonly QA[][],
  { text, visual, seconds = 1, encode }: PackOptions,
): PackedText {
  const [ids, segments, positions, targets, weights]: number[][] = [[], [], [], [], []]
  const [places, pointed, times, timed]: number[][] = [[], [], [], []]
  conversations.forEach((turns, at) => {
    const tokens = turns.flatMap((qa) => tokensOf(qa, encode))
    if (ids.length + tokens.length > text) return
    tokens.forEach(({ id, boxes, time }, i) => {
      ids.push(id)
      segments.push(at + 1)
      positions.push(visual + i)
      targets.push(tokens[i + 1]?.id ?? special.pad)
      weights.push(tokens[i + 1]?.weight ?? 0)
      places.push(...boxes.flatMap((box) => box?.map((side) => side / 1000) ?? [0, 0, 0, 0]))
      pointed.push(...boxes.map((box) => (box ? 1 : 0)))
      times.push(...(time?.map((second) => second / seconds) ?? [0, 0]))
      timed.push(time ? 1 : 0)
    })
  })
  for (let i = ids.length; i < text; i++) {
    for (const list of [ids, positions, targets, weights]) list.push(0)
    segments.push(-1)
    places.push(...new Array(8).fill(0))
    pointed.push(0, 0)
    times.push(0, 0)
    timed.push(0)
  }
  return { ids, segments, positions, targets, weights, places, pointed, times, timed }
}

/** A turn: only the answer is learnt. Long answers count for more than short ones, but less than their length. */
function tokensOf({ question, answer, box, other, time, path }: QA, encode: Encode): Token[] {
  const said = [...encode(answer), turn.end]
  const weight = 1 / Math.sqrt(said.length)
  const nowhere = [undefined, undefined]
  return [
    ...[turn.user, ...encode(question)].map((id) => ({ id, weight: 0, boxes: nowhere })),
    { id: turn.assistant, weight: 0, boxes: path ?? [box, other], time },
    ...said.map((id) => ({ id, weight, boxes: nowhere })),
  ]
}

interface Token {
  readonly id: number
  readonly weight: number
  readonly boxes: readonly (QA['box'] | undefined)[]
  readonly time?: QA['time']
}
