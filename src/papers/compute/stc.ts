import { z } from 'zod'
import type { LayerSteps, Patches } from '../../models/vision-side.ts'
import type { Carrying } from '../../pipeline/method/carrying.ts'
import type { EncoderSite, Site } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import { gatherRows, writeRows } from '../../pipeline/method/rows.ts'
import { cosine, unit } from '../../pipeline/method/similarity.ts'
import { type GatheredTokens, keepTokens, noteSignal, type VisualTokens } from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  div,
  exp,
  expand,
  fixedDim,
  fullAttention,
  mean,
  mul,
  neg,
  reshape,
  sortAscending,
  square,
  sub,
  sum,
  type Tensor,
  topK,
  transpose,
} from '../../tensor/index.ts'
import { paper } from '../paper.ts'

/**
 * Accelerating Streaming Video Large Language Models via Hierarchical Token Compression
 * 2025, CVPR 2026. https://arxiv.org/abs/2512.00891
 */
export const stc = paper({
  id: 'stc',
  name: 'STC',
  title: 'Accelerating Streaming Video Large Language Models via Hierarchical Token Compression',
  arxiv: '2512.00891',
  url: 'https://arxiv.org/abs/2512.00891',
  code: 'https://github.com/lern-to-write/STC',
  date: '2025-12',
  venue: 'CVPR 2026',
  kind: ['compute', 'reducer'],
  summary:
    'In streaming video each frame must be encoded at once, before any question is known. On every second frame ' +
    'STC recomputes only the quarter of ViT tokens that changed most, reusing cached layer updates for the rest, ' +
    "and passes on the tokens that differ most from recent history and from the frame's mean. Saves 24.5 % of " +
    'encoding and 45.3 % of prefill time.',
  equation: String.raw`
    A[U] = \mathrm{attention}(U, \text{all fresh keys}),\quad A[\bar{U}] = A_{\mathrm{ref}}[\bar{U}],\qquad M[U] = \mathrm{MLP}(\mathrm{LN}(x)[U]),\quad M[\bar{U}] = M_{\mathrm{ref}}[\bar{U}]
    \text{stay: the tokens farthest from } \mathrm{mean}(\text{frame}) \text{ and } \mathrm{mean}(\text{all frames so far})
  `,
  where:
    'Cacher: of every frame but each `interval`-th, only the tokens U whose keys changed most since the last ' +
    'refresh are computed within a layer of the vision encoder, x + A, then + M. Pruner: likeness is taken on the ' +
    'half of the channels that vary least.',
  differs: [
    'One counter per stream decides about refreshing, for all layers; each layer has a U and references of its ' +
      'own, one frame is a chunk.',
    'The history holds means of all channels, from which those of the frame are taken; `released` averages, as ' +
      'the code does, whatever channels each frame chose. It is never shortened.',
    'Pictures that are no stream are only pruned.',
    'What a frame says of itself, `stc.similarity`, is the mean cosine of its patches and those of the frame ' +
      'before.',
  ],
  places: ['see.layer', 'see.patches', 'see.tokens', 'stream'],
  options: z.object({
    update: z
      .number()
      .gt(0)
      .max(1)
      .default(0.25)
      .describe('share of the tokens that a frame between refreshes computes'),
    interval: z.int().min(1).default(2).describe('every so many frames all tokens are computed'),
    tokens: z.int().min(1).default(60).describe('tokens of a frame that stay; all where it has no more'),
    score: z.enum(['gaussian', 'dual']).default('gaussian').describe('how far tokens lie from the two means'),
    channels: z.number().gt(0).max(1).default(0.5).describe('share of the channels that tokens are compared on'),
    alpha: z.number().min(0).max(1).default(0.5).describe('weight of the history where the score is dual'),
    history: z.enum(['aligned', 'released']).default('aligned').describe('channels that the history is averaged over'),
  }),
  method: ({ update, interval, ...pruning }) => ({
    needs: {
      frame: (frame) => {
        const refresh = frame % interval === 0
        return { refresh, shares: { update: refresh ? 1 : update } }
      },
    },
    see: {
      layer: (patches, next, at) => (at.stream ? partlyAnew(patches, at, at.stream) : next(patches)),
      patches: (tokens, at) => (at.stream ? watched(tokens, at.stream) : tokens),
      tokens: (tokens, at) => prune(likeWhole(tokens), at, pruning),
    },
  }),
})

/** Which tokens changed: the lower the score [b, t] the more, from keys [b, t, d] and those of the last refresh. */
export type Likeness = (keys: Tensor, before: Tensor) => Tensor

/** A layer of which only the tokens that changed most are computed, by the cosine of all heads together when nothing is said. */
export function partlyAnew(patches: Patches, at: EncoderSite, stream: Carrying, likeness: Likeness = cosine): Patches {
  const { states: x } = patches
  const { layer, architecture } = at
  const steps = at.steps ?? refuse(architecture.name)
  const names = ['keys', 'values', 'attention', 'feedForward'].map((part) => `stc.${part}.${layer}`)
  const [before, values, attention, feedForward] = names.map((name) => stream.carried(name, x.shape))
  const y = steps.normed(x)
  const keys = steps.keys(y)
  const n = stream.count('update', fixedDim('stc', x, 1))
  const U = mostChanged(likeness(keys, before), n)
  const yU = gatherRows(y, U)
  const V = writeRows(values, U, steps.values(yU))
  const A = writeRows(attention, U, steps.projected(fullAttention(steps.queries(yU), keys, V, steps.heads)))
  const attended = add(x, A)
  const M = writeRows(feedForward, U, steps.feedForward(gatherRows(attended, U)))
  for (const [at, value] of [keys, V, A, M].entries()) stream.carry(names[at], value, 'refresh')
  return { ...patches, states: add(attended, M) }
}

/** U: the tokens of least likeness [b, t], as many as `n` [k] has zeros: i64 [b, k]. */
export const mostChanged = (likeness: Tensor, n: Tensor): Tensor =>
  add(sortAscending(topK(neg(likeness), n.shape[0])), reshape(n, [1, n.shape[0]]))

function refuse(name: string): LayerSteps {
  throw methodError(
    `stc runs some tokens of an encoder layer alone, the encoder of ${name} cannot; use a CLIP or SigLIP`,
  )
}

/** How much like the frame before it a frame is; the Cacher loses where that is little. */
const SIMILARITY = 'stc.similarity'

/** Notes of each patch the cosine of what the encoder made of it and of the frame before there; 0 of a first frame. */
function watched(tokens: VisualTokens, stream: Carrying): VisualTokens {
  const { states } = tokens
  const before = stream.carried('stc.seen', states.shape)
  stream.carry('stc.seen', states)
  return noteSignal(tokens, SIMILARITY, cosine(states, before))
}

/** The same noted of all tokens of a frame: their mean, before some are dropped. */
function likeWhole<Tokens extends GatheredTokens>(tokens: Tokens): Tokens {
  const found = tokens.signals[SIMILARITY]
  return found ? noteSignal(tokens, SIMILARITY, expand(mean(found, 1, true), found.shape)) : tokens
}

interface Pruning {
  readonly tokens: number
  readonly score: 'gaussian' | 'dual'
  readonly channels: number
  readonly alpha: number
  readonly history: 'aligned' | 'released'
}

/** Keeps the tokens of each frame (view) that lie farthest from both means, in raster order. */
function prune(given: GatheredTokens, { stream }: Site, { tokens, score, channels, alpha, history }: Pruning) {
  const { states } = given // [frames, n, d]
  const [n, width] = [1, 2].map((axis) => fixedDim('stc', states, axis))
  const spread = mean(square(sub(states, mean(states, 1, true))), 1)
  const chosen = topK(neg(spread), Math.max(1, Math.floor(channels * width)))
  const onChosen = (x: Tensor) => turned(gatherRows(turned(x), chosen))
  const X = onChosen(states)
  const isAligned = history === 'aligned'
  const now = recalled(mean(isAligned ? states : X, 1, true), stream)
  const temporal = isAligned ? onChosen(now) : now
  const far = score === 'gaussian' ? neg(nearness(X, temporal)) : distance(X, temporal, alpha)
  return keepTokens(given, sortAscending(topK(far, Math.min(tokens, n))), 'stc')
}

/** [f, n, d] -> [f, d, n]. */
const turned = (x: Tensor): Tensor => transpose(x, [0, 2, 1])

/** The mean of the means of all frames so far, this one too, [f, 1, d]. */
function recalled(now: Tensor, stream: Carrying | undefined): Tensor {
  if (!stream) return now
  const total = add(stream.carried('stc.total', now.shape), now)
  const count = add(stream.carried('stc.count', [1]), 1)
  stream.carry('stc.total', total)
  stream.carry('stc.count', count)
  return div(total, count)
}

/** g(|u - a_T|^2) + g(|u - a_S|^2) of unit tokens u [f, n, d]: [f, n]. */
function nearness(X: Tensor, temporal: Tensor): Tensor {
  const u = unit(X)
  const squared = (anchor: Tensor) => sum(square(sub(u, anchor)), -1)
  return add(gaussians(squared(unit(temporal))), gaussians(squared(mean(u, 1, true))))
}

/** g(d2) = sum over k = -3 .. 1 of exp(-d2 / (2 2^k)). */
export const gaussians = (d2: Tensor): Tensor =>
  [-3, -2, -1, 0, 1].map((k) => exp(mul(d2, -1 / (2 * 2 ** k)))).reduce((a, b) => add(a, b))

/** alpha (1 - cos(z, a_T)) + (1 - alpha) (1 - cos(z, a_S)): [f, n]. */
function distance(X: Tensor, temporal: Tensor, alpha: number): Tensor {
  const away = (anchor: Tensor) => sub(1, cosine(X, anchor))
  return add(mul(away(temporal), alpha), mul(away(mean(X, 1, true)), 1 - alpha))
}
