/** The token bottleneck: of every segment of the caption one token, by hard attention. */
import { attend, attentionWeights, layerNormed, linear, mergeHeads, type Scope, splitHeads } from '../../../nn/index.ts'
import { rangeLike } from '../../../pipeline/method/rows.ts'
import {
  add,
  and,
  arange,
  cast,
  ceil,
  constant,
  type Dim,
  div,
  equal,
  expand,
  floor,
  gelu,
  greater,
  less,
  max,
  maximum,
  mul,
  not,
  or,
  reshape,
  select,
  softmax,
  straightThrough,
  sub,
  sum,
  type Tensor,
  topK,
} from '../../../tensor/index.ts'

/** Width of the selector, and its heads. */
const [WIDTH, HEADS] = [64, 2]
const NEVER = -1e9

/** g [b, t] of embeddings z [b, t, d]: a layer of a Transformer over those that are `seen` (bool [b, t]), and a linear one. */
export function scoresOf(p: Scope, z: Tensor, seen: Tensor): Tensor {
  const [batch, length] = z.shape
  const x = linear(p.at('down'), z, WIDTH)
  const normed = layerNormed(p.at('attention', 'norm'), x)
  const of = (name: string) => splitHeads(linear(p.at('attention', name), normed, WIDTH), HEADS)
  const mask = reshape(select(seen, constant([0], [1, 1]), NEVER), [batch, 1, 1, length])
  const looked = mergeHeads(attend(attentionWeights(of('q'), of('k'), mask), of('v')))
  const y = add(x, linear(p.at('attention', 'out'), looked, WIDTH))
  const inner = gelu(linear(p.at('mlp', 'up'), layerNormed(p.at('mlp', 'norm'), y), 4 * WIDTH))
  return reshape(linear(p.at('score'), add(y, linear(p.at('mlp', 'down'), inner, WIDTH)), 1), [batch, length])
}

/** Where the caption stands among tokens i64 [b, t]: bool [b, t], how many are before each, and how many it has, f32 [b, 1]. */
export function captionIn(tokens: Tensor, open: number, close: number) {
  const slot = rangeLike(tokens)
  const last = (token: number) => max(select(equal(tokens, token), slot, constant([-1], [1, 1], 'i64')), 1, true)
  const [from, to] = [last(open), last(close)]
  return {
    isCaption: and(greater(slot, from), less(slot, to)),
    isBehind: greater(slot, from),
    place: sub(cast(sub(slot, from), 'f32'), 1),
    length: maximum(sub(cast(sub(to, from), 'f32'), 1), 0),
  }
}

type Caption = ReturnType<typeof captionIn>

/**
 * Which tokens stay, bool [b, t]: all outside of the caption, and the best, the first among equals, of each of k segments of
 * ceil(L / k) of its tokens.
 */
export function staying(scores: Tensor, { isCaption, place, length }: Omit<Caption, 'isBehind'>, k: number): Tensor {
  const [batch, t] = scores.shape
  const n = maximum(ceil(div(length, k)), 1)
  const segment = cast(floor(div(add(place, 0.5), n)), 'i64')
  const rows = (x: Tensor) => expand(reshape(x, [batch, 1, t]), [batch, k, t])
  const isIn = and(equal(rows(segment), reshape(arange(k), [1, k, 1])), rows(isCaption))
  const best = topK(select(isIn, rows(scores), NEVER), 1)
  const isBest = and(isIn, equal(reshape(arange(t), [1, 1, t]), best))
  return or(not(isCaption), greater(sum(cast(isBest, 'f32'), 1), 0))
}

/**
 * y of scores g [b, k, n], of which `isThere` (bool) are tokens: exactly one-hot, with the gradient of the soft choice at
 * temperature tau. `noise` [b, k, n] is G = -log(-log U); none at inference.
 */
export function hardChoice(g: Tensor, isThere: Tensor, noise: Tensor, tau = 1): Tensor {
  const n = g.shape[2] as Dim
  const noisy = div(select(isThere, add(g, noise), NEVER), tau)
  const hard = cast(equal(reshape(arange(n), [1, 1, n]), topK(noisy, 1)), 'f32')
  return straightThrough(hard, softmax(noisy))
}

/** z_sel = sum_j y_j z_j of every segment: y [b, k, n], z [b, k, n, d] -> [b, k, d]. */
export const selected = (y: Tensor, z: Tensor): Tensor => sum(mul(reshape(y, [...y.shape, 1]), z), 2)
