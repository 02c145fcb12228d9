/** Choosing tokens: the one rule for counts (`countOf`), raster order, ties to the lower index. */
import {
  add,
  arange,
  argmax,
  concat,
  constant,
  countOf,
  type Dim,
  equal,
  expand,
  fixedDim,
  or,
  reshape,
  select,
  sortAscending,
  type Tensor,
  topK,
} from '../../tensor/index.ts'
import { leadingTokens, patchCount } from './encoder-signals.ts'
import { type Ids, placed } from './ids.ts'
import { type GatheredTokens, keepTokens, type VisualTokens } from './visual-tokens.ts'

export interface Keeping {
  /** Share of the tokens that stay. */
  readonly keep: number
  readonly ids: Ids
  readonly by: string
}

/** Indices of the k largest scores [b, n], in raster order: i64 [b, k]. */
export const best = (scores: Tensor, k: Dim): Tensor => sortAscending(topK(scores, k))

/**
 * Keeps patches of each view by itself. CLS and registers that the connector takes beside them count and stay first.
 * @param choose i64 [b, k], ascending, into the patches
 */
export function keepPatches(tokens: VisualTokens, how: Keeping, choose: (k: number) => Tensor): VisualTokens {
  const { keep, ids, by } = how
  const leading = leadingTokens(tokens, by)
  const count = countOf(leading + patchCount(tokens), keep)
  const first = Math.min(leading, count)
  const kept = count > first ? choose(count - first) : constant([], [1, 0], 'i64')
  return keepTokens(placed(tokens, ids), behind(tokens, first, leading, kept), by)
}

/** 0, ..., first - 1, then indices that are counted from `leading` on. */
function behind({ states }: VisualTokens, first: number, leading: number, indices: Tensor): Tensor {
  const batch = states.shape[0]
  const rest = expand(indices, [batch, indices.shape[1]])
  if (leading === 0) return rest
  return concat([expand(reshape(arange(first), [1, first]), [batch, first]), add(rest, leading)], 1)
}

/** Keeps tokens of a picture as they enter the language model; views that stand apart have a budget each. */
export function keepOfPicture<Tokens extends GatheredTokens>(
  tokens: Tokens,
  { keep, ids, by }: Keeping,
  choose: (k: number) => Tensor,
): Tokens {
  const count = fixedDim(by, tokens.states, 1)
  const k = countOf(count, keep)
  const none = constant([], [1, 0], 'i64')
  const kept = k > 0 ? choose(k) : none
  return keepTokens(placed(tokens, ids), expand(kept, [tokens.states.shape[0], k]), by)
}

/** Below every score. */
const TAKEN = -3e38

/**
 * k picks, one after another: the largest score of what is not picked yet, the first of equals. i64 [b, k], as they were picked.
 * @param scoresOf scores [b, n] in a state; the state is undefined before the first pick
 * @param after the state after a pick, i64 [b, 1]
 */
export function greedy<State>(
  k: number,
  scoresOf: (state: State | undefined) => Tensor,
  after: (state: State | undefined, pick: Tensor) => State,
): Tensor {
  const picks: Tensor[] = []
  let [state, taken]: [State | undefined, Tensor | undefined] = [undefined, undefined]
  for (let step = 0; step < k; step++) {
    const scores = scoresOf(state)
    const open: Tensor = taken ? select(taken, TAKEN, scores) : scores
    const pick = argmax(open, 1, true) // [b, 1]
    picks.push(pick)
    if (step === k - 1) break
    const isPick = equal(reshape(arange(scores.shape[1]), [1, scores.shape[1]]), pick)
    taken = taken ? or(taken, isPick) : isPick
    state = after(state, pick)
  }
  return concat(picks, 1)
}
