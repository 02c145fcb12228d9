/**
 * Positions of tokens when others between them go: those that stay keep theirs (`keep`), or close up (`pack`). Where positions
 * have several axes (M-RoPE) a token stays where it lies in the picture, whatever is asked for.
 */
import { type Asked, pastLength } from '../../models/language/sequence.ts'
import { cast, dimValue, sub, subDim, type Tensor, takeAlong } from '../../tensor/index.ts'
import type { PartSite } from './method.ts'
import { rowNumbers } from './rows.ts'
import type { Sequence } from './sequence.ts'
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

/**
 * Around attention of layers that dropped tokens and closed up (`keepVisual` with `pack`): later chunks stand behind the
 * rows that this layer has, not behind those of the whole prompt.
 */
export function closedUp(asked: Asked, next: (asked: Asked) => Tensor, { input }: Pick<PartSite, 'input'>): Tensor {
  const { past, positions = input.positions } = asked
  const first = (input as Partial<Sequence>).ran?.[0]?.past
  if (!past || !first || positions.shape.length > 2) return next(asked)
  const gone = subDim(pastLength(first), pastLength(past))
  return next({ ...asked, positions: sub(positions, cast(dimValue(gone), 'f32')) })
}
