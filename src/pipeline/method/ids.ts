/**
 * Positions of tokens when others between them go: those that stay keep theirs (`keep`), or close up (`pack`). Where positions
 * have several axes (M-RoPE) a token stays where it lies in the picture, whatever is asked for.
 */
import { cast, type Tensor, takeAlong } from '../../tensor/index.ts'
import { rowNumbers } from './rows.ts'
import { type GatheredTokens, noteSignal, signalOf } from './visual-tokens.ts'

export type Ids = 'keep' | 'pack'

/** The signal that says where each token stands among those of the untouched picture. */
export const PLACE = 'place'

/** Before tokens go: notes where each stands, where they are to keep that. */
export function placed<Tokens extends GatheredTokens>(tokens: Tokens, ids: Ids): Tokens {
  if (ids === 'pack' || tokens.span !== undefined) return tokens
  const { states } = tokens
  return { ...noteSignal(tokens, PLACE, cast(rowNumbers(states), 'f32')), span: states.shape[1] }
}

/** New tokens that stand where `indices` (i64 [b, m]) of those before them stood. */
export function placedAs<Tokens extends GatheredTokens>(
  tokens: Tokens,
  before: GatheredTokens,
  indices: Tensor,
): Tokens {
  if (before.span === undefined) return tokens
  const places = takeAlong(signalOf(before, PLACE, 'ids'), indices)
  return { ...noteSignal(tokens, PLACE, places), span: before.span }
}
