/** Questions and answers about pictures as one sequence, for training. */
import type { Architecture } from '../models/family.ts'
import type { SlotTags } from '../models/language/sequence.ts'
import { squareSide, type VisionFeatures } from '../models/vision-side.ts'
import { createScope, type Scope } from '../nn/index.ts'
import { read } from '../pipeline/flow/read.ts'
import { see } from '../pipeline/flow/see.ts'
import type { Method } from '../pipeline/method/method.ts'
import { rowNumbers } from '../pipeline/method/rows.ts'
import type { Sequence } from '../pipeline/method/sequence.ts'
import { visualTags } from '../pipeline/method/token-tags.ts'
import type { VisualTokens } from '../pipeline/method/visual-tokens.ts'
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

export interface BatchShape {
  readonly batch: number
  /** Text tokens per image. */
  readonly text: number
  /** A batch says where visual tokens stand, too: input `visualPositions` [batch, n]; one after another when absent. */
  readonly placed?: boolean
  /** Embeddings of the text [b, t, d], where the model's own are not meant. */
  readonly embed?: (ids: Tensor, seen: Seen) => Tensor
}

type Seen = Pick<VisualTokens, 'states' | 'owner' | 'vision' | 'memory'>

/**
 * Reads visual tokens and what is asked about them. All questions about an image share one sequence; each is a segment that
 * sees the image and itself only, at the positions it would have alone. The inputs are `ids`, `segments`, `positions`,
 * `targets` and `weights`, [batch, text] each.
 */
export function readDialogue(
  p: Scope,
  architecture: Architecture,
  method: Method,
  tokens: Seen,
  { batch, text, placed, embed = (ids) => architecture.language.embed(p, ids) }: BatchShape,
) {
  const said: Said = {
    ids: input('ids', [batch, text], 'i64'),
    segments: input('segments', [batch, text], 'i64'),
    positions: input('positions', [batch, text]),
    weights: input('weights', [batch, text]),
  }
  const { memory } = tokens
  const start = dialogueSequence(tokens, embed(said.ids, tokens), said, placed)
  const done = read(p, architecture, method, start, { memory })
  const { hidden, layers, logits } = done
  // A method may have left fewer visual tokens; the text is at the end of every row.
  const ofText = (x: Tensor) => slice(x, 1, subDim(x.shape[1], text))
  const { weights } = said
  const answer = crossEntropy(logits(ofText(hidden)), input('targets', [batch, text], 'i64'), { weights })
  return { ...done, answer, layers, ofText, ids: said.ids }
}

/** What training has of a dialogue that was read. */
export type ReadDialogue = ReturnType<typeof readDialogue>

/** What a batch says of its text, [b, t] each. */
type Said = Readonly<Record<'ids' | 'segments' | 'positions' | 'weights', Tensor>>

/** Visual tokens [b, n, d], then text [b, t, d] in segments of its own, at the positions that a batch gives. */
function dialogueSequence(seen: Seen, embeds: Tensor, said: Said, placed = false): Omit<Sequence, 'ran' | 'changedBy'> {
  const { states: visual, vision } = seen
  const tokens = rowNumbers(visual)
  return {
    states: concat([visual, embeds], 1),
    positions: concat(
      [placed ? input('visualPositions', visual.shape.slice(0, 2)) : cast(tokens, 'f32'), said.positions],
      1,
    ),
    tags: dialogueTags(visualTags(seen, vision.grid), said),
    visual: tokens,
    text: add(rowNumbers(embeds), dimValue(visual.shape[1])),
    source: tokens,
    opening: constant([1], []),
  }
}

/** Tags of visual tokens [b, n], then those of text [b, t]: all that a prompt has, its segments, and what is an answer. */
function dialogueTags({ view, row, column }: ReturnType<typeof visualTags>, said: Said): Required<SlotTags> {
  const [none, ofText] = [mul(view, 0), sub(mul(said.ids, 0), 1)]
  return {
    segment: concat([none, said.segments], 1),
    token: concat([sub(none, 1), said.ids], 1),
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

/** `readDialogue` where the features of a frozen vision encoder are kept: a batch brings `patches` for pixels. */
export function readKept(p: Scope, architecture: Architecture, method: Method, shape: BatchShape) {
  const seen = see(p, architecture, method, { features: keptFeatures(architecture, shape.batch) })
  return readDialogue(p, architecture, method, seen, shape)
}

/** Features of square views as an input `patches` [batch, n, d]; what else the encoder computed is not kept. */
function keptFeatures(architecture: Architecture, batch: number): VisionFeatures {
  const { patches, grid, special } = squareFeatures(architecture)
  const [, n, d] = patches.shape
  return { layers: [], patches: input('patches', [batch, n, d]), special, grid }
}

/** What the vision encoder makes of one square view, traced. */
export function squareFeatures({ vision }: Architecture, p: Scope = createScope(), batch = 1): VisionFeatures {
  const side = squareSide(vision)
  return vision.encode(p, input('pixels', [batch, 3, side, side]))
}

/** Patches of a square view: the visual tokens of a model whose connector makes one of each. */
export const squarePatches = (architecture: Architecture): number =>
  fixedDim('patches', squareFeatures(architecture).patches, 1)
