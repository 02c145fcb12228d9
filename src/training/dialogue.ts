/** Questions and answers about pictures as one sequence, for training. */
import type { Architecture } from '../models/family.ts'
import { squareSide, type VisionFeatures } from '../models/vision-side.ts'
import { createScope, type Scope } from '../nn/index.ts'
import { read } from '../pipeline/flow/read.ts'
import { see } from '../pipeline/flow/see.ts'
import type { Method } from '../pipeline/method/method.ts'
import { rowNumbers } from '../pipeline/method/rows.ts'
import type { Sequence } from '../pipeline/method/sequence.ts'
import type { VisualTokens } from '../pipeline/method/visual-tokens.ts'
import {
  add,
  cast,
  concat,
  constant,
  crossEntropy,
  dimValue,
  fixedDim,
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
}

/**
 * Reads visual tokens and what is asked about them. All questions about an image share one sequence; each is a segment that
 * sees the image and itself only, at the positions it would have alone. The inputs are `ids`, `segments`, `positions`,
 * `targets` and `weights`, [batch, text] each.
 */
export function readDialogue(
  p: Scope,
  architecture: Architecture,
  method: Method,
  { memory, ...tokens }: Pick<VisualTokens, 'states' | 'deep' | 'memory'>,
  { batch, text }: BatchShape,
) {
  const ids = input('ids', [batch, text], 'i64')
  const start = dialogueSequence(tokens, architecture.language.embed(p, ids), ids)
  const { hidden, layers, logits } = read(p, architecture, method, start, { memory })
  // A method may have left fewer visual tokens; the text is at the end of every row.
  const ofText = (x: Tensor) => slice(x, 1, subDim(x.shape[1], text))
  const weights = input('weights', [batch, text])
  const answer = crossEntropy(logits(ofText(hidden)), input('targets', [batch, text], 'i64'), { weights })
  return { answer, layers, ofText }
}

/** Visual tokens [b, n, d], then text [b, t, d] in segments of its own, at the positions that a batch gives. */
function dialogueSequence(
  { states: visual, deep }: Pick<VisualTokens, 'states' | 'deep'>,
  embeds: Tensor,
  ids: Tensor,
): Omit<Sequence, 'ran' | 'changedBy'> {
  const [batch, text] = [fixedDim('dialogue', embeds, 0), fixedDim('dialogue', embeds, 1)]
  const tokens = rowNumbers(visual)
  return {
    states: concat([visual, embeds], 1),
    positions: concat([cast(tokens, 'f32'), input('positions', [batch, text])], 1),
    tags: {
      segment: concat([mul(tokens, 0), input('segments', [batch, text], 'i64')], 1),
      token: concat([sub(mul(tokens, 0), 1), ids], 1),
      view: concat([mul(tokens, 0), sub(mul(ids, 0), 1)], 1),
    },
    visual: tokens,
    text: add(rowNumbers(embeds), dimValue(visual.shape[1])),
    source: tokens,
    ...(deep && { deep }),
    opening: constant([1], []),
  }
}

/** Loss of the answers where the features of a frozen vision encoder are kept: a batch brings `patches` for pixels. */
export function answerLoss(
  p: Scope,
  architecture: Architecture,
  method: Method,
  shape: BatchShape,
): Record<string, Tensor> {
  const seen = see(p, architecture, method, { features: keptFeatures(architecture, shape.batch) })
  const { answer } = readDialogue(p, architecture, method, seen, shape)
  return { answer }
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
