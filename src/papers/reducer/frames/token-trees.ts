import { type Segments, sumOfSegment } from '../../../pipeline/method/segments.ts'
import { cosines } from '../../../pipeline/method/similarity.ts'
import {
  add,
  and,
  arange,
  argmax,
  argsort,
  cast,
  concat,
  constant,
  div,
  equal,
  expand,
  fixedDim,
  gather,
  greater,
  less,
  matmul,
  max,
  mul,
  not,
  reshape,
  scatterAdd,
  select,
  slice,
  sub,
  sum,
  type Tensor,
  takeAlong,
} from '../../../tensor/index.ts'

/** Tokens of frames in trees: each root with what hangs on it. */
export interface Trees {
  /** bool [t, n], of tokens that are free. */
  readonly isRoot: Tensor
  /** The place of the root of each token, counted through all frames, i64 [t, n]. */
  readonly root: Tensor
  /** What a tree is as one token, where its root is: [t, n, d]. */
  readonly states: Tensor
}

export interface TreeOptions {
  /** Cosine above which a token hangs on one of the frame before. */
  readonly tau: number
  /** Tokens of a frame that are to stay, chosen ones too: no more are merged than leave these. */
  readonly least: number
  /** What becomes of a tree: the mean of all its tokens, or, as released, their sum over one more than its root's children. */
  readonly tree: 'mean' | 'released'
}

/** No cosine is less; what is not free hangs on nothing, and nothing on it. */
const APART = -1

/**
 * Tree-based merging over frames (TSTM of FlashVID): every free token hangs on the most alike free token of the frame before it
 * in its segment, wherever that lies, where their cosine is above tau. Where that would leave fewer tokens than `least` a
 * frame, one fewer link is made than would leave these, the most alike first, the first of equal ones.
 */
export function tokenTrees(x: Tensor, isFree: Tensor, segments: Segments, options: TreeOptions): Trees {
  const [t, n] = [fixedDim('trees', x, 0), fixedDim('trees', x, 1)]
  const own = reshape(arange(t * n), [t, n])
  if (t === 1) return { isRoot: isFree, root: own, states: x }
  const [likeness, parent] = nearestBefore(x, isFree, segments)
  const isLinked = linked(likeness, segments, options)
  const before = constant(Array.from({ length: t }, (_, frame) => n * (frame - 1)), [t, 1], 'i64') // biome-ignore format: one step
  const up = reshape(select(isLinked, add(parent, before), own), [t * n])
  const states = merged(x, isLinked, parent, options.tree)
  return { isRoot: and(isFree, not(isLinked)), root: reshape(rootsOf(up, t), [t, n]), states }
}

/** The largest cosine to a token of the frame before, and which that is; APART where there is none: [t, n]. */
function nearestBefore(x: Tensor, isFree: Tensor, { index }: Segments): [likeness: Tensor, parent: Tensor] {
  const [t, n] = [fixedDim('trees', x, 0), fixedDim('trees', x, 1)]
  const [earlier, later] = [[0, t - 1] as const, [1, t] as const]
  const part = (of: Tensor, [from, to]: readonly [number, number]) => slice(of, 0, from, to)
  const all = cosines(part(x, later), part(x, earlier)) // [t - 1, i, j]
  const isPair = and(reshape(part(isFree, later), [t - 1, n, 1]), reshape(part(isFree, earlier), [t - 1, 1, n]))
  const sims = select(isPair, all, APART)
  const first = (value: number, dtype: 'f32' | 'i64') => constant(Array(n).fill(value), [1, n], dtype)
  const likeness = concat([first(APART, 'f32'), max(sims, 2)], 0)
  const parent = concat([first(0, 'i64'), argmax(sims, 2)], 0)
  return [select(equal(reshape(index, [t, 1]), 0), APART, likeness), parent]
}

/** Which tokens hang on one before, bool [t, n]. */
function linked(likeness: Tensor, segments: Segments, { tau, least }: TreeOptions): Tensor {
  const [_t, n] = [fixedDim('trees', likeness, 0), fixedDim('trees', likeness, 1)]
  const isAlike = greater(likeness, tau)
  const links = sum(sumOfSegment(segments, cast(isAlike, 'f32')), 1, true) // of the segment, [t, 1]
  const most = mul(segments.length, n - least)
  const fewest = less(ranksInSegments(likeness, segments), cast(sub(most, 1), 'i64'))
  return select(greater(links, most), and(fewest, greater(likeness, APART + 1e-6)), isAlike)
}

/** How many values of its segment are larger, the first of equal ones first: i64 [t, n]. */
function ranksInSegments(values: Tensor, { first }: Segments): Tensor {
  const [t, n] = [fixedDim('trees', values, 0), fixedDim('trees', values, 1)]
  const flat = [1, t * n]
  const segment = reshape(expand(reshape(first, [t, 1]), [t, n]), flat)
  const byValue = argsort(reshape(values, flat), { descending: true })
  const order = takeAlong(byValue, argsort(takeAlong(segment, byValue)))
  const ranks = scatterAdd(flat, order, reshape(arange(t * n), flat))
  return reshape(sub(ranks, mul(segment, n)), [t, n])
}

/** From the place above each, where a root is its own, that of the root: half of what is left of every way at each step. */
function rootsOf(up: Tensor, frames: number): Tensor {
  let above = up
  for (let reach = 1; reach < frames; reach *= 2) above = gather(above, above)
  return above
}

/** What hangs on a token is added to it, frame by frame from the last one. */
function merged(x: Tensor, isLinked: Tensor, parent: Tensor, tree: TreeOptions['tree']): Tensor {
  const [t, n] = [fixedDim('trees', x, 0), fixedDim('trees', x, 1)]
  const frame = (of: Tensor, at: number) => reshape(slice(of, 0, at, at + 1), of.shape.slice(1))
  const one = constant(Array(n).fill(1), [n, 1])
  const means: Tensor[] = []
  let [total, count] = [frame(x, t - 1), one]
  for (let at = t - 1; at > 0; at--) {
    means.unshift(div(total, count))
    const isChild = equal(reshape(frame(parent, at), [1, n]), reshape(arange(n), [n, 1]))
    const children = cast(and(isChild, reshape(frame(isLinked, at), [1, n])), 'f32') // [parent, child]
    const own = tree === 'mean' ? count : one
    ;[total, count] = [add(frame(x, at - 1), matmul(children, total)), add(one, matmul(children, own))]
  }
  return reshape(concat([div(total, count), ...means], 0), x.shape)
}
