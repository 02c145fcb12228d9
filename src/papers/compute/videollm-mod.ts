import { z } from 'zod'
import { linear, startingAt, zeros } from '../../nn/index.ts'
import { topOfGroups } from '../../pipeline/method/groups.ts'
import type { LayerSite, PlaceFunctions, Stage } from '../../pipeline/method/method.ts'
import { gatherRows, rangeLike } from '../../pipeline/method/rows.ts'
import {
  keepMarked,
  type Marked,
  putBack,
  type Sequence,
  viewNumbers,
  visualStates,
} from '../../pipeline/method/sequence.ts'
import {
  add,
  cast,
  crossEntropy,
  dimValue,
  div,
  equal,
  fixedDim,
  greater,
  maximum,
  minimum,
  mul,
  not,
  or,
  reshape,
  select,
  sigmoid,
  slice,
  sub,
  subDim,
  sum,
  type Tensor,
  takeAlong,
} from '../../tensor/index.ts'
import type { ReadDialogue } from '../../training/dialogue.ts'
import { dialogueStage } from '../../training/dialogue-stage.ts'
import { loraRank, tuned } from '../../training/lora.ts'
import { adamw } from '../../training/optimizers.ts'
import { paper } from '../paper.ts'

/** What a change counts by, out of a router's score. */
const GATES = {
  raw: (mu: Tensor) => mu,
  sigmoid: (mu: Tensor) => sigmoid(mu),
  'one-plus': (mu: Tensor) => add(mu, 1),
  none: () => undefined,
}

const options = z.object({
  ratio: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe('r: share of the tokens of a frame that a routed layer computes'),
  every: z.int().min(1).default(2).describe('the last of each so many layers is routed; 1: all of them'),
  gate: z
    .enum(['raw', 'sigmoid', 'one-plus', 'none'])
    .default('one-plus')
    .describe("g: what a change counts by, of the router's score"),
  keepLast: z.boolean().default(true).describe('the last token of each frame is always computed'),
  lora: loraRank,
})

/**
 * VideoLLM-MoD: Efficient Video-Language Streaming with Mixture-of-Depths Vision Computation
 * 2024, NeurIPS 2024. https://arxiv.org/abs/2408.16730
 */
export const videollmMod = paper({
  id: 'videollm-mod',
  name: 'VideoLLM-MoD',
  title: 'VideoLLM-MoD: Efficient Video-Language Streaming with Mixture-of-Depths Vision Computation',
  arxiv: '2408.16730',
  url: 'https://arxiv.org/abs/2408.16730',
  date: '2024-08',
  venue: 'NeurIPS 2024',
  kind: ['compute', 'training', 'application', 'evaluation'],
  summary:
    "Keeps many tokens per video frame and saves depth instead. In chosen layers a linear router ranks a frame's " +
    'vision tokens; a fifth of them is computed, the rest passes through as it is and stays eligible further up, ' +
    'and text is always computed. Training a streaming assistant takes 42 % less time and 30 % less memory at ' +
    'about equal quality.',
  equation: String.raw`
    \mu_{ij}^l = w_l^\top x_{ij}^l,\qquad \tilde{X} = \{\text{text}\} \cup \mathrm{top}_k\, \mu_{i \cdot}^l \text{ of every frame } i,\quad k = \max(1, \lceil r n \rceil)
    x_{ij}^{l+1} = x_{ij}^l + g(\mu_{ij}^l)\, f(\tilde{X})_{ij} \ \text{ in } \tilde{X},\qquad x_{ij}^{l+1} = x_{ij}^l \ \text{ else},\qquad \text{text: } x + f(\tilde{X})
  `,
  where:
    'f is what a routed layer adds, n the tokens of a frame, w a router of each such layer. Tokens keep their ' +
    'own positions; those outside give the layer no keys, and may be chosen again further up.',
  differs: [
    'The first layer is dense: layers are routed from the back of each group of `every`.',
    "g = 1 + mu by default, since the paper's g = mu switches a pretrained layer off where mu is near 0 " +
      "(`gate=raw` is the paper's); routers begin at 0, which gates nothing.",
    "A frame's last token is always computed, since streaming reads its decision there; equal scores go to " +
      'the earlier token.',
    'A frame is a view; clips that a family joins into one run count as one.',
    'The recipe trains routers and, by LoRA, the language model on dialogues about single pictures, frames ' +
      'after which somebody always speaks; longer streams and their metrics are not built.',
  ],
  places: ['read.layer', 'read.linear', 'training'],
  options,
  recipe: (options) => ({
    options: { every: options.every, gate: options.gate, lora: options.lora },
    stages: [
      dialogueStage({
        name: 'route',
        steps: 300,
        rate: 3e-4,
        method: { name: 'videollm-mod', ...places(options) },
        further: (read) => ({ stream: speakingLoss(read) }),
        optimizer: () => adamw(),
      }),
    ],
  }),
  method: (options) => places(options),
})

type Options = z.output<typeof options>

function places({ ratio, every, gate, keepLast, lora }: Options): PlaceFunctions {
  const routed: Stage<Sequence, Sequence, LayerSite> = (seq, next, { p, layer }) => {
    if ((layer + 1) % every !== 0) return next(seq)
    const frames = viewNumbers(seq)
    const mu = reshape(
      linear(startingAt(p.at('layers', layer, 'router'), zeros), visualStates(seq), 1, false),
      frames.shape,
    ) // [b, v]
    const marked = topOfGroups(keepLast ? lastFirst(mu, frames) : mu, frames, ratio)
    const some = keepMarked(seq, marked, `mod.${layer}`, 'videollm-mod')
    return putBack(seq, some.indices, next(some.seq), gateOf(some, GATES[gate](mu)))
  }
  return { read: { layer: routed, ...tuned(lora) } }
}

/**
 * The streaming loss where somebody speaks next: -log P(what opens the turn) at the last token of a frame, each of which
 * counts as much as a token of an answer.
 */
function speakingLoss({ hidden, last: { visual }, logits, ids, weights }: ReadDialogue): Tensor {
  const decision = slice(visual, 1, subDim(visual.shape[1], 1), visual.shape[1])
  const loss = crossEntropy(logits(gatherRows(hidden, decision)), slice(ids, 1, 0, 1))
  const answers = maximum(sum(cast(greater(weights, 0), 'f32')), 1)
  return mul(loss, div(fixedDim('videollm-mod', ids, 0), answers))
}

/** Above every score. */
const ALWAYS = 1e30

/** Scores [b, v] with the last token of each frame above all others. */
function lastFirst(mu: Tensor, frames: Tensor): Tensor {
  const places = rangeLike(frames)
  const end = sub(dimValue(frames.shape[1]), 1)
  const changes = not(equal(frames, takeAlong(frames, minimum(add(places, 1), end))))
  return select(or(changes, equal(places, end)), ALWAYS, mu)
}

/** The gate of each token that is computed, [b, k]; undefined where all count in full. */
function gateOf({ indices, isMarked }: Marked, gates?: Tensor): Tensor | undefined {
  if (gates) return select(isMarked, takeAlong(gates, indices), 0)
  return indices.shape[0] === 1 ? undefined : cast(isMarked, 'f32')
}
