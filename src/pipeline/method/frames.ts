/** The tokens of the frames of a video, for methods that look across them. */
import {
  add,
  arange,
  cast,
  concat,
  cumsum,
  dimValue,
  fixedDim,
  gather,
  less,
  maskedIndices,
  maximum,
  mul,
  reshape,
  select,
  slice,
  sortAscending,
  sub,
  type Tensor,
  topK,
} from '../../tensor/index.ts'
import { type Ids, PLACE } from './ids.ts'
import { methodError } from './method-error.ts'
import { type FrameLayout, type GatheredTokens, lastMethod, noteSignal, regroup } from './visual-tokens.ts'

/** Frames whose tokens all are there, place by place. */
export interface Frames extends FrameLayout {
  /** [f, n, d] */
  readonly states: Tensor
}

/**
 * The frames of a video, at `see.tokens`; undefined of pictures that are no video, which methods across frames leave as they
 * are. Throws FoveaError `method_unfit` where a method dropped or merged tokens before.
 */
export function framesOf(tokens: GatheredTokens, by: string): Frames | undefined {
  const { frames, states } = tokens
  if (!frames) return undefined
  const other = lastMethod(tokens)
  if (other)
    throw methodError(`${by} compares frames place by place, but ${other} before it has changed them; put ${by} first`)
  const { count, each } = frames
  const all = states.shape[0] === 1 ? slice(states, 1, 0, count * each) : states
  return { count, each, states: reshape(all, [count, each, fixedDim(by, states, 2)]) }
}

/** What was noted of each token of the frames, [f, n]. */
export const signalOfFrames = ({ count, each }: FrameLayout, signal: Tensor): Tensor =>
  reshape(signal.shape[0] === 1 ? slice(signal, 1, 0, count * each) : signal, [count, each])

/** What is left of frames. */
export interface LeftOfFrames {
  /** The places that have a token still, bool [f, n]: any number in each frame. */
  readonly kept: Tensor
  /** How many those are, where that is known without the data. */
  readonly count?: number
  /** The tokens in these places, [f, n, d]; as they were when absent. */
  readonly states?: Tensor
  /** For each token of before the place, counted through all frames, that it went into; i64 [f, n]. Its own when absent. */
  readonly into?: Tensor
}

/** How many tokens are left of the frames of a video, where only the data tells. */
export const LEFT = 'leftOfFrames'

/**
 * Keeps what is left, frame after frame in raster order; each token has the place that it stands in. Where positions have one
 * axis, tokens keep theirs in the whole video, or close up.
 */
export function leaveOfFrames(
  tokens: GatheredTokens,
  frames: Frames,
  { kept, count, states = frames.states, into }: LeftOfFrames,
  { by, ids }: { readonly by: string; readonly ids: Ids },
): GatheredTokens {
  const total = frames.count * frames.each
  const isLeft = reshape(kept, [total])
  const ones = cast(isLeft, 'i64')
  const places = count === undefined ? maskedIndices(isLeft, LEFT) : sortAscending(topK(ones, count))
  const rank = select(isLeft, sub(cumsum(ones, 0), 1), -1)
  const target = into ? reshape(into, [total]) : arange(total)
  const assignment = select(less(target, 0), -1, gather(rank, maximum(target, 0)))
  const width = fixedDim(by, states, 2)
  const rows = gather(reshape(states, [total, width]), places)
  const run = inOneRun(tokens, frames, { rows, places, assignment }, by)
  if (ids === 'pack') return run
  const length = tokens.states.shape[0] === 1 ? tokens.states.shape[1] : total
  return { ...noteSignal(run, PLACE, cast(run.places, 'f32')), span: length }
}

interface Run {
  /** [k, d] */
  readonly rows: Tensor
  /** i64 [k] */
  readonly places: Tensor
  /** i64 [f n] */
  readonly assignment: Tensor
}

/** The rows, and behind them what separates rows in a packed video. */
function inOneRun(tokens: GatheredTokens, frames: Frames, { rows, places, assignment }: Run, by: string) {
  const total = frames.count * frames.each
  const run = oneRun(tokens, frames)
  const length = fixedDim(by, run.states, 1)
  const rest = arange(length - total)
  const behind = (x: Tensor, more: Tensor) => (length > total ? concat([x, more], 0) : x)
  const separators = reshape(slice(run.states, 1, total), [length - total, fixedDim(by, rows, 1)])
  const left = behind(rows, separators)
  const all = behind(assignment, add(rest, dimValue(rows.shape[0])))
  const regrouped = regroup(run, reshape(left, [1, ...left.shape]), reshape(all, [1, length]), by)
  const placed = behind(places, add(rest, total))
  return { ...regrouped, places: reshape(placed, [1, ...placed.shape]) }
}

/** Frames that stand side by side, one behind the other: owners count through all of them. */
function oneRun(tokens: GatheredTokens, { count, each }: FrameLayout): GatheredTokens {
  const { states, owner } = tokens
  if (states.shape[0] === 1) return tokens
  const starts = reshape(mul(arange(count), each), [count, 1])
  return {
    ...tokens,
    states: reshape(states, [1, count * each, states.shape[2]]),
    ...(tokens.deep && { deep: reshape(tokens.deep, [1, count * each, tokens.deep.shape[2]]) }),
    owner: reshape(select(less(owner, 0), -1, add(owner, starts)), [1, count * fixedDim('frames', owner, 1)]),
  }
}
