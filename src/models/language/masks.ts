import {
  add,
  addDim,
  and,
  arange,
  dimValue,
  equal,
  greater,
  greaterEqual,
  not,
  or,
  reshape,
  select,
  sub,
  type Tensor,
} from '../../tensor/index.ts'
import { allTags, type PastLayer, pastLength, type Slots } from './sequence.ts'

/**
 * 0 where a query may look, -1e9 where the key lies ahead of it, outside its window, or in a segment that is neither its
 * own nor 0: [b, 1, s, past + s], with b = 1 where there are no segments.
 */
export function causalMask(past: PastLayer | undefined, { states, tags }: Slots, window?: number): Tensor {
  const [before, length] = [pastLength(past), states.shape[1]]
  const total = addDim(before, length)
  const keys = reshape(arange(total), [1, total])
  const queries = reshape(add(arange(length), dimValue(before)), [length, 1])
  const ahead = greater(keys, queries)
  const hidden = window === undefined ? ahead : or(ahead, greaterEqual(sub(queries, keys), window))
  if (!tags?.segment) return reshape(select(hidden, -1e9, 0), [1, 1, length, total])
  const [batch] = states.shape
  const own = reshape(tags.segment, [batch, 1, length, 1])
  const others = reshape(allTags('segment', tags.segment, past), [batch, 1, 1, total])
  return select(and(not(hidden), or(equal(own, others), equal(others, 0))), 0, -1e9)
}
