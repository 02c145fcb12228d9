/** DeepStack (Meng et al., arXiv 2406.04334): visual tokens are given more of what the encoder saw behind early layers. */
import type { Architecture } from '../../models/family.ts'
import { add, concat, fixedDim, slice, type Tensor } from '../../tensor/index.ts'
import { gatherRows, writeRows } from '../method/rows.ts'
import type { Sequence } from '../method/sequence.ts'
import type { GatheredTokens } from '../method/visual-tokens.ts'

/** Numbers of a visual token on its way between programs: its state, and what each early layer adds to it. */
export const tokenWidth = ({ vision, language }: Architecture): number =>
  language.hiddenSize * (1 + (vision.deepLayers ?? 0))

/** Tokens as one tensor, [..., tokenWidth]. */
export const sideBySide = ({ states, deep }: Pick<GatheredTokens, 'states' | 'deep'>): Tensor =>
  deep ? concat([states, deep], -1) : states

/** The inverse of `sideBySide`. */
export function takenApart(tokens: Tensor, architecture: Architecture): Pick<GatheredTokens, 'states' | 'deep'> {
  const { hiddenSize } = architecture.language
  if (!architecture.vision.deepLayers) return { states: tokens }
  return { states: slice(tokens, -1, 0, hiddenSize), deep: slice(tokens, -1, hiddenSize) }
}

/** A sequence as a layer left it, and what its visual tokens are given behind that layer. */
export function deepened(seq: Sequence, layer: number): Sequence {
  const { states, deep, visual, source } = seq
  if (!deep) return seq
  const width = fixedDim('deepened', states, 2)
  if ((layer + 1) * width > fixedDim('deepened', deep, 2)) return seq
  const given = gatherRows(slice(deep, 2, layer * width, (layer + 1) * width), source)
  return { ...seq, states: writeRows(states, visual, add(gatherRows(states, visual), given)) }
}
