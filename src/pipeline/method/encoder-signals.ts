/** What the vision encoder says of each patch, for methods that choose among them; special tokens (CLS) are left out. */
import { foldPatches } from '../../models/connectors/fold-patches.ts'
import { fixedDim, mean, reshape, slice, type Tensor, transpose } from '../../tensor/index.ts'
import { methodError } from './method-error.ts'
import { assertPatches, clsAttention, patchKeys, type VisualTokens, visionLayer } from './visual-tokens.ts'

/** The layer that is read: the one whose output the connector takes, where none is named. */
export const readLayer = ({ vision }: VisualTokens, layer?: number): number => layer ?? vision.featureLayer ?? -1

/** Patches that the connector takes, without CLS or registers before them. */
export const patchCount = ({ vision: { grid } }: VisualTokens): number => grid.rows * grid.columns

/** Tokens before the patches that the connector takes too: CLS or registers, where a model keeps them. */
export function leadingTokens(tokens: VisualTokens, by: string): number {
  assertPatches(tokens, by)
  const others = fixedDim(by, tokens.states, 1) - patchCount(tokens)
  if (others >= 0) return others
  throw methodError(`${by} reads patches that lie in a grid, but this view has fewer of them; use another model`)
}

/** Of what is known of each patch of the encoder, [b, p, d], what holds for each that the connector takes: the mean of those folded into it. */
export function perToken(tokens: VisualTokens, x: Tensor, by: string): Tensor {
  assertPatches(tokens, by)
  const [{ grid }, count] = [tokens.vision, patchCount(tokens)]
  const [batch] = x.shape
  const [given, width] = [fixedDim(by, x, 1), fixedDim(by, x, 2)]
  if (given === count) return x
  const side = Math.sqrt(given / count)
  if (!Number.isInteger(side))
    throw methodError(
      `${by} reads an encoder of ${given} patches, of which ${count} tokens are made; use another model`,
    )
  const whole = { rows: grid.rows * side, columns: grid.columns * side }
  return mean(reshape(foldPatches(x, whole, side), [batch, count, side * side, width]), 2)
}

const asTokens = (tokens: VisualTokens, scores: Tensor, by: string): Tensor => {
  const [batch, count] = scores.shape
  return reshape(perToken(tokens, reshape(scores, [batch, count, 1]), by), [batch, patchCount(tokens)])
}

/** How much all tokens of a layer, CLS among them, attend to each patch: mean over queries and heads, [b, n]. */
export function receivedAttention(tokens: VisualTokens, by: string, layer?: number): Tensor {
  const { attention } = visionLayer(tokens, readLayer(tokens, layer))
  return asTokens(tokens, slice(mean(attention, [1, 2]), 1, tokens.vision.special), by)
}

/** How much CLS attends to each patch, mean over heads; without CLS, how much all patches do: [b, n]. */
export function saliency(tokens: VisualTokens, by: string, layer?: number): Tensor {
  if (tokens.vision.special === 0) return receivedAttention(tokens, by, layer)
  return asTokens(tokens, mean(clsAttention(tokens, readLayer(tokens, layer), by), 1), by)
}

/** What patches give (first) and get, mean over heads, of weights or of what they are the softmax of: [b, n, n]. */
export function amongPatches(tokens: VisualTokens, by: string, of: 'logits' | 'attention', layer?: number): Tensor {
  const { special } = tokens.vision
  const all = mean(visionLayer(tokens, readLayer(tokens, layer))[of], 1)
  const patches = slice(slice(all, 1, special), 2, special)
  return transpose(perToken(tokens, transpose(perToken(tokens, patches, by)), by))
}

/** Keys of each patch, all heads side by side, [b, n, d]. */
export const tokenKeys = (tokens: VisualTokens, by: string, layer?: number): Tensor =>
  perToken(tokens, patchKeys(tokens, readLayer(tokens, layer)), by)

/** The same averaged over heads: [b, n, d / h]. */
export function meanKeys(tokens: VisualTokens, by: string, layer?: number): Tensor {
  const keys = tokenKeys(tokens, by, layer)
  const heads = fixedDim(by, visionLayer(tokens, readLayer(tokens, layer)).attention, 1)
  return mean(reshape(keys, [keys.shape[0], keys.shape[1], heads, fixedDim(by, keys, 2) / heads]), 2)
}

/** States of the patches as the connector takes them, [b, n, d]. */
export const patchStates = (tokens: VisualTokens, by: string): Tensor =>
  slice(tokens.states, 1, leadingTokens(tokens, by))
