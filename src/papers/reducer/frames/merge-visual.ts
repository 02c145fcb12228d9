import { largestColumn } from '../../../pipeline/method/groups.ts'
import { gatherRows, writeRows } from '../../../pipeline/method/rows.ts'
import { keepVisual, lastAttention, type Sequence, visualStates } from '../../../pipeline/method/sequence.ts'
import { cosines } from '../../../pipeline/method/similarity.ts'
import {
  add,
  arange,
  cast,
  countOf,
  cumsum,
  div,
  equal,
  exp,
  matmul,
  mean,
  mul,
  reshape,
  slice,
  sortAscending,
  sum,
  type Tensor,
  topK,
} from '../../../tensor/index.ts'

/** How a token takes in those that are merged into it. */
export type Merging = 'sequential' | 'mean'

/**
 * The merge inside the language model that HoliTom has: the visual tokens that the last one attends to most stay; each of the
 * others goes into the one of these whose state is most like its own. `sequential`, as released, halves step by step in the
 * order of the tokens, h <- (h + h_j) / 2, so that the last one weighs most; `mean` takes the mean of all of them.
 * @param keep share of the visual tokens that stay
 */
export function mergeVisual(seq: Sequence, layer: number, keep: number, merging: Merging, by: string): Sequence {
  const scores = mean(lastAttention(seq, layer - 1, by), 1) // [b, v]
  const [, count] = scores.shape
  const k = countOf(count, keep)
  const order = topK(scores, count)
  const [kept, others] = [sortAscending(slice(order, 1, 0, k)), sortAscending(slice(order, 1, k))]
  const h = visualStates(seq)
  const [target, source] = [gatherRows(h, kept), gatherRows(h, others)]
  const into = largestColumn(cosines(source, target)) // [b, v - k]
  const member = membership(into, kept)
  const merged = merging === 'mean' ? averaged(target, source, member) : halved(target, source, member)
  return keepVisual({ ...seq, states: writeRows(seq.states, gatherRows(seq.visual, kept), merged) }, kept, by)
}

/** 1 where a token goes into one that stays, [b, k, v - k]. */
function membership(into: Tensor, kept: Tensor): Tensor {
  const [batch, others] = into.shape
  const [, k] = kept.shape
  return cast(equal(reshape(into, [batch, 1, others]), reshape(arange(k), [1, k, 1])), 'f32')
}

const averaged = (target: Tensor, source: Tensor, member: Tensor): Tensor =>
  div(add(target, matmul(member, source)), add(sum(member, -1, true), 1))

/** The j-th of m tokens is halved m - j + 1 times, the token itself m times. */
function halved(target: Tensor, source: Tensor, member: Tensor): Tensor {
  const half = (times: Tensor) => exp(mul(times, -Math.LN2))
  const times = cumsum(member, 2, { reverse: true })
  return add(mul(target, half(sum(member, -1, true))), matmul(mul(member, half(times)), source))
}
