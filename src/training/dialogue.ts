/** Questions and answers about pictures as one sequence, for training. */
import type { Architecture } from '../models/family.ts'
import type { SlotTags } from '../models/language/sequence.ts'
import type { View } from '../models/views/view.ts'
import { createScope, type Scope } from '../nn/index.ts'
import { read } from '../pipeline/flow/read.ts'
import { see } from '../pipeline/flow/see.ts'
import { isTileFor } from '../pipeline/flow/view-pixels.ts'
import type { Method } from '../pipeline/method/method.ts'
import { rowNumbers } from '../pipeline/method/rows.ts'
import type { Sequence } from '../pipeline/method/sequence.ts'
import { embedTokens, wordsOf } from '../pipeline/method/words.ts'
import {
  add,
  cast,
  concat,
  constant,
  crossEntropy,
  dimValue,
  fixedDim,
  greater,
  input,
  mul,
  slice,
  sub,
  subDim,
  type Tensor,
} from '../tensor/index.ts'
import { drawnPictures, keptPictures, type ViewRange, viewsOfScenes } from './kept-pictures.ts'
import {
  BARE,
  joinParts,
  joinViews,
  type Opening,
  openingOf,
  type Seen,
  type Written,
  writtenAround,
} from './opening.ts'
import type { TrainingData } from './recipe.ts'

export interface BatchShape {
  readonly batch: number
  /** Text tokens per image. */
  readonly text: number
  /** What is written around the views of an image; there is one, and nothing around it, when absent. */
  readonly written?: Written
  /** A batch says where the slots before the text stand, too: input `openingPositions` [batch, s]; in order when absent. */
  readonly placed?: boolean
  /** What the names of the inputs begin with, where a batch has several dialogues. */
  readonly of?: string
  /** Embeddings of the text [b, t, d], where the model's own are not meant. */
  readonly embed?: (ids: Tensor, seen: Seen) => Tensor
}

/**
 * Reads visual tokens and what is asked about them. All questions about an image share one sequence; each is a segment that
 * sees the image and itself only, at the positions it would have alone. The inputs are `ids`, `segments`, `positions`,
 * `targets` and `weights`, [batch, text] each.
 */
export function readDialogue(p: Scope, architecture: Architecture, method: Method, tokens: Seen, shape: BatchShape) {
  const { batch, text, written = BARE, embed: embedText, of = '' } = shape
  const said: Said = {
    ids: input(`${of}ids`, [batch, text], 'i64'),
    segments: input(`${of}segments`, [batch, text], 'i64'),
    positions: input(`${of}positions`, [batch, text]),
    weights: input(`${of}weights`, [batch, text]),
  }
  const { memory } = tokens
  const embed = (ids: Tensor) => embedTokens(p, architecture, method, ids)
  const opening = openingOf(tokens, written, embed)
  const start = dialogueSequence(opening, embedText?.(said.ids, tokens) ?? embed(said.ids), said, shape)
  const done = read(p, architecture, method, start, { memory })
  const { hidden, layers, logits } = done
  // A method may have left fewer visual tokens; the text is at the end of every row.
  const ofText = (x: Tensor) => slice(x, 1, subDim(x.shape[1], text))
  const { weights } = said
  const answer = crossEntropy(logits(ofText(hidden)), input(`${of}targets`, [batch, text], 'i64'), { weights })
  return { ...done, answer, layers, ofText, ids: said.ids, weights }
}

/** What training has of a dialogue that was read. */
export type ReadDialogue = ReturnType<typeof readDialogue>

/** What a batch says of its text, [b, t] each. */
type Said = Readonly<Record<'ids' | 'segments' | 'positions' | 'weights', Tensor>>

/** What it opens with [b, s, d], then text [b, t, d] in segments of its own, at the positions that a batch gives. */
function dialogueSequence(
  opening: Opening,
  embeds: Tensor,
  said: Said,
  { placed, of = '' }: BatchShape,
): Omit<Sequence, 'ran' | 'changedBy'> {
  const { states, visual } = opening
  const asked = add(rowNumbers(embeds), dimValue(states.shape[1]))
  const before = placed ? input(`${of}openingPositions`, states.shape.slice(0, 2)) : cast(rowNumbers(states), 'f32')
  return {
    states: concat([states, embeds], 1),
    positions: concat([before, said.positions], 1),
    tags: dialogueTags(opening.tags, said),
    visual,
    text: opening.text ? concat([opening.text, asked], 1) : asked,
    source: rowNumbers(visual),
    ...(opening.deep && { deep: opening.deep }),
    opening: constant([1], []),
  }
}

/** Tags of the opening [b, s], then those of text [b, t]: all that a prompt has, its segments, and what is an answer. */
function dialogueTags({ view, row, column, token }: Opening['tags'], said: Said): Required<SlotTags> {
  const [none, ofText] = [mul(view, 0), sub(mul(said.ids, 0), 1)]
  return {
    segment: concat([none, said.segments], 1),
    token: concat([token, said.ids], 1),
    view: concat([view, ofText], 1),
    row: concat([row, ofText], 1),
    column: concat([column, ofText], 1),
    answer: concat([none, isAnswer(said.weights)], 1),
  }
}

/** 1 where a token is learnt, so where the slot before it has a weight: f32 [b, t] -> i64 [b, t]. */
function isAnswer(weights: Tensor): Tensor {
  const isLearnt = cast(greater(weights, 0), 'i64')
  return concat([mul(slice(isLearnt, 1, 0, 1), 0), slice(isLearnt, 1, 0, fixedDim('dialogue', weights, 1) - 1)], 1)
}

/** How the pictures of a dialogue are brought. */
interface Pictured extends Pick<TrainingData, 'encode'>, Pick<BatchShape, 'batch'> {
  /** As pixels, where the vision encoder is trained; as kept features when absent. */
  readonly drawn?: boolean
}

/** `readDialogue` where the features of a frozen vision encoder are kept: a batch brings them in the place of pixels. */
export function readKept(
  p: Scope,
  architecture: Architecture,
  method: Method,
  { encode, drawn, ...shape }: BatchShape & Pictured,
): ReadDialogue {
  const { seen, written } = seenDialogue(p, architecture, method, { encode, drawn, batch: shape.batch })
  return readDialogue(p, architecture, method, seen, { ...shape, written })
}

/** Slots before the dialogue: the tokens that a method leaves of each scene, and what it writes around its views. */
export function openingLength(
  architecture: Architecture,
  method: Method,
  { encode }: Pick<TrainingData, 'encode'>,
): number {
  const { seen, written } = seenDialogue(createScope(), architecture, method, { encode, batch: 1 })
  return fixedDim('dialogue', seen.states, 1) + written.flat().length
}

function seenDialogue(p: Scope, architecture: Architecture, method: Method, { encode, batch, drawn }: Pictured) {
  const views = viewsOfScenes(method, architecture)
  const written = writtenAround(views, encode, wordsOf(method, architecture))
  const all = batch * views.length
  const ranges = rangesOf(method, views)
  const parts = ranges.map((range) => {
    const pictured = drawn ? drawnPictures : keptPictures
    const pictures = pictured(architecture, method, all, ranges.length > 1 ? range : undefined)
    const tile = isTileFor(method, views[range.from]) && { tile: tileNumbers(range, batch) }
    return joinViews(see(p, architecture, method, { ...pictures, ...tile }), range.to - range.from)
  })
  if (parts.length === 1) return { seen: parts[0], written }
  return { seen: joinParts(parts), written: aroundTokens(written, ranges, parts) }
}

/** Views that go through one program: tiles, and what is the whole of an image, where a method tells them apart. */
function rangesOf(method: Method, views: readonly View[]): ViewRange[] {
  const isFirst = (at: number) => at === 0 || isTileFor(method, views[at]) !== isTileFor(method, views[at - 1])
  const starts = [...views.keys()].filter(isFirst)
  return starts.map((from, at) => ({ of: views.length, from, to: starts[at + 1] ?? views.length }))
}

/** From 0 in each image of a batch, i64 [b v]. */
function tileNumbers({ from, to }: ViewRange, batch: number): Tensor {
  const numbers = Array.from({ length: batch * (to - from) }, (_, at) => at % (to - from))
  return constant(numbers, [numbers.length], 'i64')
}

/** What is written around the views that have tokens; what stands around others goes before them, or behind the last. */
function aroundTokens(written: Written, ranges: readonly ViewRange[], parts: readonly Seen[]): Written {
  const hasTokens = ranges.flatMap(({ from, to }, at) =>
    new Array<boolean>(to - from).fill(parts[at].states.shape[1] !== 0),
  )
  const gaps: number[][] = [[]]
  for (const [at, gap] of written.entries()) {
    gaps.at(-1)!.push(...gap)
    if (hasTokens[at]) gaps.push([])
  }
  return gaps
}
