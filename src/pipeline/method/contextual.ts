/** Dominant tokens by score; the others are merged into a few contextual ones by the likeness of their keys (VisionZip). */
import {
  add,
  arange,
  argsort,
  cast,
  concat,
  countOf,
  type Dim,
  dimValue,
  div,
  expand,
  floor,
  maximum,
  mul,
  reshape,
  scatterAdd,
  slice,
  sortAscending,
  subDim,
  type Tensor,
  takeAlong,
  topK,
} from '../../tensor/index.ts'
import { best, type Keeping, keepPatches } from './choose.ts'
import { leadingTokens, meanKeys, patchCount, saliency } from './encoder-signals.ts'
import { largestColumn, sumsOf } from './groups.ts'
import { placed, placedAs } from './ids.ts'
import { gatherRows } from './rows.ts'
import { cosines } from './similarity.ts'
import { regroup, scatterPlaces, type VisualTokens } from './visual-tokens.ts'

/** What becomes of n tokens, as indices into them, i64 [b, ...], each in raster order. */
export interface Split {
  /** [b, D] */
  readonly dominant: Tensor
  /** Every step-th of the rest, [b, C]. */
  readonly targets: Tensor
  /** All others, [b, n - D - C], and the target that each is most like. */
  readonly others: Tensor
  readonly nearest: Tensor
}

/** What a contextual token is: its target with the mean of what came to it added, averaged with that, or alone. */
export type Merging = 'sum' | 'mean' | 'none'

/**
 * D dominant tokens by scores [b, n]; of the R others in raster order, targets 0, step, 2 step, ... with step = max(1,
 * floor(R / C)), and for each that is left the target whose key [b, n, d] is nearest by cosine. C is at most R, and 0 only
 * where R is.
 */
export function splitByScore(scores: Tensor, keys: Tensor, D: Dim, C: Dim): Split {
  const [batch, n] = scores.shape
  const R = subDim(n, D)
  const order = topK(scores, n)
  const rest = sortAscending(slice(order, 1, D))
  const whole = floor(div(cast(dimValue(R), 'f32'), maximum(cast(dimValue(C), 'f32'), 1)))
  const places = mul(arange(C), maximum(cast(whole, 'i64'), 1))
  const isTarget = scatterAdd([R], places, expand(dimValue(1), [C]))
  const otherPlaces = sortAscending(slice(argsort(isTarget), 0, 0, subDim(R, C)))
  const at = (places: Tensor, count: Dim) => takeAlong(rest, expand(reshape(places, [1, count]), [batch, count]))
  const [targets, others] = [at(places, C), at(otherPlaces, subDim(R, C))]
  const nearest = largestColumn(cosines(gatherRows(keys, others), gatherRows(keys, targets)))
  return { dominant: sortAscending(slice(order, 1, 0, D)), targets, others, nearest }
}

/** Contextual tokens of states [b, n, d]: [b, C, d]. */
export function contextual(states: Tensor, { targets, others, nearest }: Split, merging: Merging): Tensor {
  const own = gatherRows(states, targets)
  if (merging === 'none') return own
  const { sums, counts } = sumsOf(gatherRows(states, others), nearest, targets.shape[1])
  if (merging === 'mean') return div(add(own, sums), add(counts, 1))
  return add(own, div(sums, maximum(counts, 1)))
}

/** For each of the n tokens the one of D + C that it is part of, dominant ones first; -1 where it was dropped. */
export function assignmentOf(
  { dominant, targets, others, nearest }: Split,
  merging: Merging,
): readonly [Tensor, Tensor] {
  const D = dominant.shape[1]
  const numbers = (like: Tensor, from: Dim) => {
    const count = like.shape[1]
    return expand(add(reshape(arange(count), [1, count]), dimValue(from)), like.shape)
  }
  const kept = [dominant, targets]
  const places = [numbers(dominant, 0), numbers(targets, D)]
  if (merging === 'none') return [concat(kept, 1), concat(places, 1)]
  return [concat([...kept, others], 1), concat([...places, add(nearest, dimValue(D))], 1)]
}

export interface Zipping extends Keeping {
  /** Share of the tokens that stay that are contextual. */
  readonly contextual: number
  readonly merging: Merging
  /** The vision layer that is read. */
  readonly layer?: number
}

/**
 * VisionZip's reduction of the patches of each view: dominant tokens in raster order, contextual ones behind them. One token
 * at least is dominant unless all are contextual; CLS and registers that the connector takes stay, as dominant ones.
 */
export function zipPatches(tokens: VisualTokens, how: Zipping): VisualTokens {
  const { keep, contextual: share, merging, layer, ids, by } = how
  const [leading, n] = [leadingTokens(tokens, by), patchCount(tokens)]
  const total = countOf(leading + n, keep) - leading
  const C = total >= n ? 0 : Math.min(countOf(Math.max(total, 0), share), share < 1 ? total - 1 : total)
  const scores = saliency(tokens, by, layer)
  if (C <= 0) return keepPatches(tokens, how, (k) => best(scores, k))
  const split = splitByScore(scores, meanKeys(tokens, by, layer), total - C, C)
  const all = leading > 0 ? behindOthers(split, leading) : split
  const before = placed(tokens, ids)
  const kept = concat([all.dominant, all.targets], 1)
  const states = concat([gatherRows(tokens.states, all.dominant), contextual(tokens.states, all, merging)], 1)
  const [of, places] = assignmentOf(all, merging)
  const assignment = scatterPlaces(tokens.states.shape[1], of, places)
  return placedAs(regroup(before, states, assignment, by), before, kept)
}

/** The same split where other tokens come first, which stay. */
function behindOthers({ dominant, targets, others, nearest }: Split, leading: number): Split {
  const batch = dominant.shape[0]
  const first = expand(reshape(arange(leading), [1, leading]), [batch, leading])
  const shifted = [dominant, targets, others].map((indices) => add(indices, leading))
  return { dominant: concat([first, shifted[0]], 1), targets: shifted[1], others: shifted[2], nearest }
}
