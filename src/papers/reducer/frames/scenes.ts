import { cutBehind } from '../../../pipeline/method/segments.ts'
import { cosine } from '../../../pipeline/method/similarity.ts'
import {
  add,
  argsort,
  cast,
  constant,
  fixedDim,
  less,
  maximum,
  mean,
  neg,
  or,
  reshape,
  select,
  slice,
  sum,
  type Tensor,
} from '../../../tensor/index.ts'

/** How alike each frame and the next are, by the cosine of the means of their tokens [t, n, d]: [t - 1]. */
export function transitions(states: Tensor): Tensor {
  const t = fixedDim('scenes', states, 0)
  const means = mean(states, 1)
  return cosine(slice(means, 0, 0, t - 1), slice(means, 0, 1))
}

/** The frames of one scene are those that follow each other without a cut: the number of each, i64 [t]. */
const scenesOf = (alike: Tensor, isCut: (alike: Tensor) => Tensor): Tensor =>
  fixedDim('scenes', alike, 0) > 0 ? cutBehind(isCut(alike)) : constant([0], [1], 'i64')

/** Which of some values are least, so many of them (a number, or i64 [1]); the first of equal ones. */
function least(values: Tensor, wanted: number | Tensor): Tensor {
  const row = reshape(values, [1, values.shape[0]])
  return less(reshape(argsort(argsort(row)), values.shape), wanted)
}

/** DySeg of FastVID: cuts are the `scenes` - 1 least alike transitions, and all below a threshold. */
export const cutLeast = (alike: Tensor, scenes: number, below: number): Tensor =>
  scenesOf(alike, (alike) => or(least(alike, scenes - 1), less(alike, below)))

/** DySeg of FlashVID: cuts are the transitions below a threshold; the least of the others where that are too few scenes. */
export const cutBelow = (alike: Tensor, scenes: number, below: number): Tensor =>
  scenesOf(alike, (alike) => {
    const isCut = less(alike, below)
    const missing = maximum(add(neg(sum(cast(isCut, 'i64'), 0, true)), scenes - 1), 0)
    return or(isCut, least(select(isCut, 2, alike), missing))
  })
