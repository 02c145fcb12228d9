import { type Asked, pastLength } from '../../models/language/sequence.ts'
import { cast, dimValue, sub, subDim, type Tensor } from '../../tensor/index.ts'
import type { Ids } from './ids.ts'
import type { PartSite, ReadSide } from './method.ts'
import type { Sequence } from './sequence.ts'

/**
 * Around attention of layers that dropped tokens and closed up (`keepVisual` with `pack`): later chunks stand behind the
 * rows that this layer has, not behind those of the whole prompt.
 */
function closedUp(asked: Asked, next: (asked: Asked) => Tensor, { input }: Pick<PartSite, 'input'>): Tensor {
  const { past, positions = input.positions } = asked
  const first = (input as Partial<Sequence>).ran?.[0]?.past
  if (!past || !first || positions.shape.length > 2) return next(asked)
  const gone = subDim(pastLength(first), pastLength(past))
  return next({ ...asked, positions: sub(positions, cast(dimValue(gone), 'f32')) })
}

/** What a method that drops tokens before a layer, or later, has around attention: nothing where tokens keep their places. */
export const closingUp = (ids: Ids, layer = 0): Pick<ReadSide, 'attention'> =>
  ids === 'keep' ? {} : { attention: (asked, next, at) => (at.layer < layer ? next(asked) : closedUp(asked, next, at)) }
