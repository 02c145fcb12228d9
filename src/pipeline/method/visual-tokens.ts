import type { VisionFeatures } from '../../models/vision-side.ts'
import {
  add,
  constant,
  type Dim,
  less,
  maximum,
  reshape,
  scatterAdd,
  select,
  slice,
  sub,
  type Tensor,
  takeAlong,
} from '../../tensor/index.ts'
import { methodError } from './method-error.ts'
import { gatherRows, rangeLike, rowNumbers } from './rows.ts'

/**
 * The tokens of an image on their way from the vision encoder to the language model, and where each came from.
 * Everything that drops or merges tokens returns a new set.
 */
export interface VisualTokens {
  /** [b, m, d] */
  readonly states: Tensor
  /** For each patch of the image the token that it is part of, or -1 where it was dropped: i64 [b, n]. */
  readonly owner: Tensor
  /** What the vision encoder computed for the n patches. */
  readonly vision: VisionFeatures
  /** What is left for the language model beside the tokens, by name: [b, n, d] each. */
  readonly memory: Readonly<Record<string, Tensor>>
  /** Who changed the number or meaning of the tokens, in order. */
  readonly changedBy: readonly string[]
  /** Who left something that holds for these tokens only; they cannot be changed any more. */
  readonly reliedOnBy?: string
}

/** All patches that a vision encoder left, each its own token. */
export function allPatches(vision: VisionFeatures): VisualTokens {
  const { patches: states, owner = rowNumbers(states), changedBy = [] } = vision
  return { states, owner, vision, memory: {}, changedBy }
}

/** Keeps the tokens at `indices` (i64 [b, k]), in that order. */
export function keepTokens(tokens: VisualTokens, indices: Tensor, by: string): VisualTokens {
  const assignment = scatterPlaces(tokens.states.shape[1], indices, rangeLike(indices))
  return regroup(tokens, gatherRows(tokens.states, indices), assignment, by)
}

/** For m tokens, the new place of each: `places[i]` where `indices` names it, -1 elsewhere; i64 [b, m]. */
export function scatterPlaces(m: Dim, indices: Tensor, places: Tensor): Tensor {
  return sub(scatterAdd([indices.shape[0], m], indices, add(places, 1)), 1)
}

/** Replaces the tokens by `states` [b, m', d]; `assignment` [b, m] says which new token each old one is part of, or -1. */
export function regroup(tokens: VisualTokens, states: Tensor, assignment: Tensor, by: string): VisualTokens {
  const { reliedOnBy: left } = tokens
  if (left) throw methodError(`${by} changes the visual tokens, but ${left} before it relies on them; put ${by} first`)
  const looked = takeAlong(assignment, maximum(tokens.owner, 0))
  const owner = select(less(tokens.owner, 0), constant([-1], [], 'i64'), looked)
  return { ...tokens, states, owner, changedBy: [...tokens.changedBy, by] }
}

/** Vision signals are per patch: a method that reads them must come before any that changed the tokens. */
export function assertPatches(tokens: VisualTokens, by: string): void {
  if (tokens.changedBy.length)
    throw methodError(
      `${by} reads the vision encoder patch by patch, but ${tokens.changedBy.at(-1)} before it has already changed the tokens; put ${by} first`,
    )
}

/** A vision layer by index, negative from the end; throws where the encoder has no such layer. */
export function visionLayer(tokens: VisualTokens, index: number) {
  const layer = tokens.vision.layers.at(index)
  if (!layer)
    throw methodError(`the vision encoder has ${tokens.vision.layers.length} layers, there is no layer ${index}`)
  return layer
}

/** Attention of CLS to every patch at a layer: [b, h, n]. */
export function clsAttention(tokens: VisualTokens, layer: number): Tensor {
  const { attention } = visionLayer(tokens, layer)
  const { special } = tokens.vision
  if (special === 0) throw methodError('this vision encoder has no CLS token; use a method that needs none')
  const row = slice(slice(attention, 2, 0, 1), 3, special)
  return reshape(row, [row.shape[0], row.shape[1], row.shape[3]])
}

/** Keys of every patch at a layer, [b, n, d]. */
export const patchKeys = (tokens: VisualTokens, layer: number): Tensor =>
  slice(visionLayer(tokens, layer).keys, 1, tokens.vision.special)
