/** What the vision encoder says of each patch, for methods that choose among them; special tokens (CLS) are left out. */
import { foldPatches } from '../../models/connectors/fold-patches.ts'
import { fixedDim, mean, reshape, slice, type Tensor } from '../../tensor/index.ts'
import { methodError } from './method-error.ts'
import { type VisualTokens, visionLayer } from './visual-tokens.ts'

/** Patches that the connector takes, without CLS or registers before them. */
export const patchCount = ({ vision: { grid } }: VisualTokens): number => grid.rows * grid.columns

/** Of what is known of each patch of the encoder, [b, p, d], what holds for each that the connector takes: the mean of those folded into it. */
export function perToken(tokens: VisualTokens, x: Tensor, by: string): Tensor {
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

/** How much all tokens of a layer, CLS among them, attend to each patch: mean over queries and heads, [b, n]. */
export function receivedAttention(tokens: VisualTokens, by: string, layer = -1): Tensor {
  const { attention } = visionLayer(tokens, layer)
  const scores = slice(mean(attention, [1, 2]), 1, tokens.vision.special)
  const [batch, count] = scores.shape
  return reshape(perToken(tokens, reshape(scores, [batch, count, 1]), by), [batch, patchCount(tokens)])
}
