import { type Asked, type PastLayer, pastLength } from '../../models/language/sequence.ts'
import { cast, dimValue, slice, sub, type Tensor } from '../../tensor/index.ts'
import type { Ids } from './ids.ts'
import type { PartSite, ReadSide } from './method.ts'
import type { Sequence } from './sequence.ts'

type At = Pick<PartSite, 'input'>

/**
 * Around attention of layers that dropped tokens and closed up (`keepVisual` with `pack`): later chunks stand behind the
 * rows that this layer has, not behind those of the whole prompt.
 */
function closedUp(asked: Asked, next: (asked: Asked) => Tensor, { input }: At, prompt: Prompt): Tensor {
  const { past, positions = input.positions } = asked
  const whole = past && prompt(input as Partial<Sequence>, positions)
  if (!whole || positions.shape.length > 2) return next(asked)
  return next({ ...asked, positions: sub(positions, sub(whole, rowsOf(past))) })
}

/** How many rows came before this chunk, f32 [] or [b, 1]. */
type Prompt = (input: Partial<Sequence>, positions: Tensor) => Tensor | undefined

const rowsOf = (past: PastLayer): Tensor => cast(dimValue(pastLength(past)), 'f32')

/** The first layer has them all. */
const asCached: Prompt = ({ ran }) => ran?.[0]?.past && rowsOf(ran[0].past)

/** No layer has them all; the chunk stands behind them. */
const asPlaced: Prompt = (_, positions) => slice(positions, 1, 0, 1)

/**
 * What a method that drops tokens has around attention: nothing where tokens keep their places.
 * @param layer the first one that may have fewer rows than the prompt
 */
export function closingUp(ids: Ids, layer = 1): Pick<ReadSide, 'attention'> {
  if (ids === 'keep') return {}
  const prompt = layer === 0 ? asPlaced : asCached
  return { attention: (asked, next, at) => (at.layer < layer ? next(asked) : closedUp(asked, next, at, prompt)) }
}
