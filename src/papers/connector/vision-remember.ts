import { z } from 'zod'
import type { Architecture } from '../../models/family.ts'
import {
  attend,
  attentionWeights,
  crossAttention,
  headsFor,
  layerNormed,
  linear,
  mergeHeads,
  type Scope,
  splitHeads,
  startingAt,
  zeros,
} from '../../nn/index.ts'
import { patchesAt } from '../../pipeline/method/depth-patches.ts'
import { windowsOf } from '../../pipeline/method/groups.ts'
import { leavePatches, type PatchMemory, recallPatches } from '../../pipeline/method/memory.ts'
import type { PlaceFunctions } from '../../pipeline/method/method.ts'
import { poolTokens } from '../../pipeline/method/pool.ts'
import { gatherRows, remainders, writeRows } from '../../pipeline/method/rows.ts'
import { type Sequence, viewNumbers, visualStates } from '../../pipeline/method/sequence.ts'
import type { VisualTokens } from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  concat,
  type Dim,
  equal,
  fixedDim,
  gather,
  gelu,
  greater,
  mulDim,
  reshape,
  select,
  type Tensor,
} from '../../tensor/index.ts'
import { alignAndTune } from '../../training/dialogue-stage.ts'
import { loraRank, tuned } from '../../training/lora.ts'
import { paper } from '../paper.ts'

const ID = 'vision-remember'

const options = z.object({
  pool: z
    .int()
    .min(1)
    .default(2)
    .describe('r: squares of r x r patches become one token before the connector; 1: none'),
  levels: z.int().min(1).max(4).default(3).describe('encoder depths that are remembered, from the last but one down'),
  layers: z.int().min(1).default(3).describe('decoder layers after which tokens look back, in the first half'),
  width: z.number().gt(0).max(1).default(0.5).describe('D_h as a share of the width of the language model'),
  bidirectional: z
    .boolean()
    .default(false)
    .describe('visual tokens of a view see each other first, in both directions'),
  lora: loraRank,
})

type Options = z.output<typeof options>

/**
 * Vision Remember: Alleviating Visual Forgetting in Efficient MLLM with Vision Feature Resample
 * Second version: Vision Remember: Recovering Visual Information in Efficient LVLM with Vision Feature Resampling.
 * 2025. https://arxiv.org/abs/2506.03928
 */
export const visionRemember = paper({
  id: 'vision-remember',
  name: 'Vision Remember',
  title: 'Vision Remember: Alleviating Visual Forgetting in Efficient MLLM with Vision Feature Resample',
  arxiv: '2506.03928',
  url: 'https://arxiv.org/abs/2506.03928',
  date: '2025-06',
  kind: ['connector', 'reducer', 'training'],
  summary:
    'Compressing visual tokens ahead of the LLM loses small print and charts, and deep layers attend ever less to ' +
    'what is left. At a few decoder layers each visual token, by then mixed with text, cross-attends once more to ' +
    'the uncompressed patches it stands for, taken from several ViT depths. The sequence stays short and OCR ' +
    'gains most.',
  equation: String.raw`
    a = \mathrm{softmax}\!\left(\frac{q_i k^{\top}}{\sqrt{d}}\right),\qquad q_i = W_q\, \mathrm{LN}(H_i),\quad k = W_k\, \mathrm{LN}(F_i + P),\quad v = W_v\, \mathrm{LN}(F_i + P)
    H_i \leftarrow H_i + \mathrm{MLP}\big(\mathrm{LN}(q_i + W_o\, a v)\big)
  `,
  where:
    'F are the patches of several encoder depths beside each other. After a few decoder layers, each visual token ' +
    'H_i looks at the patches of its own region F_i. Only visual rows are written, in prefill only.',
  differs: [
    'No code is published. The module is zero at its start, so step 0 is the base model; it runs after `layers` ' +
      'layers, evenly spaced in the first half.',
    'Depths are 23, 18 and 13 of 24, counted as outputs from 1 on; F is brought to the width of the module ' +
      'once, in the vision program.',
    'The region of a token is whatever patches went into it, however they were compressed, and positions P in a ' +
      'region repeat after `pool`^2.',
    '`bidirectional` (second version) lets the visual tokens of a view see each other first.',
    'Its text-guided row is left out: taken from the end of a prompt it would have seen answers in training, ' +
      'and cached pictures would depend on the question.',
    'Trained are first the modules and the projector, then the language model too, by LoRA; the encoder is frozen.',
  ],
  places: ['see.connector', 'read.layer', 'read.linear', 'training'],
  options,
  method: (options) => places(options),
  recipe: (options) => ({ options, stages: alignAndTune({ rate: 3e-3, method: { name: ID, ...places(options) } }) }),
})

const places = ({ pool, levels, layers, width, bidirectional, lora }: Options): PlaceFunctions => ({
  see: {
    connector: (tokens, next, at) => {
      const features = linear(at.p.at('levels'), depths(tokens, levels), widthIn(at.architecture, width), false)
      const few = next(pool > 1 ? poolTokens(tokens, coarser(tokens, pool), ID) : tokens)
      return leavePatches(few, at, 'remembered', features, ID)
    },
  },
  read: {
    ...tuned(lora),
    layer: (seq, next, at) => {
      const done = next(seq)
      if (!insertions(at.architecture.language.layers, layers).includes(at.layer)) return done
      const p = at.p.at('layers', at.layer)
      const seen = visualStates(done)
      const met = bidirectional ? add(seen, amongThemselves(p.at('tokens'), done, seen)) : seen
      const regions = regionsOf(recallPatches(at, 'remembered', ID), done, `region.${at.layer}`)
      const states = add(met, lookBack(p, met, regions, { width: widthIn(at.architecture, width), pool }))
      return { ...done, states: writeRows(done.states, done.visual, states) }
    },
  },
})

const coarser = ({ vision: { grid } }: VisualTokens, side: number) => ({
  rows: Math.ceil(grid.rows / side),
  columns: Math.ceil(grid.columns / side),
})

const widthIn = ({ language }: Architecture, share: number): number => Math.round(share * language.hiddenSize)

/** Layers after which tokens look back, of so many: evenly spaced in the first half. */
export function insertions(layers: number, count: number): number[] {
  const half = Math.max(1, Math.floor(layers / 2))
  const spread = Array.from({ length: count }, (_, at) => Math.max(0, Math.floor(((at + 1) * half) / count) - 1))
  return [...new Set(spread)]
}

/** Outputs of encoder layers, counted from 0: 23, 18, 13 of 24 counted from 1. */
export function depthsOf(layers: number, levels: number): number[] {
  const depths = Array.from({ length: levels }, (_, level) => Math.round((layers * (23 - 5 * level)) / 24) - 1)
  return [...new Set(depths)].filter((depth) => depth >= 0)
}

/** F: patches of several depths side by side, [b, n, |L| d]. */
function depths(tokens: VisualTokens, levels: number): Tensor {
  const found = patchesAt(tokens, depthsOf(tokens.vision.layers.length, levels), ID)
  return found.length > 1 ? concat(found, 2) : found[0]
}

/** The patches that each visual token stands for. */
interface Regions {
  /** [b, v, w, d] */
  readonly rows: Tensor
  /** 0 for patches of the token, and what hides those that fill up a smaller region, [b, v, w]. */
  readonly mask: Tensor
  /** How many there are, i64 [b, v]. */
  readonly counts: Tensor
}

function regionsOf({ rows, owner }: PatchMemory, seq: Sequence, width: string): Regions {
  const { indices, isReal, counts } = windowsOf(owner, seq.source, width)
  const [batch, tokens, most] = indices.shape
  const found = gatherRows(rows, reshape(indices, [batch, mulDim(tokens, most)]))
  return { rows: reshape(found, [...indices.shape, rows.shape[2]]), mask: select(isReal, 0, -1e9), counts }
}

interface LookBack {
  readonly width: number
  readonly pool: number
}

/** MLP(LN(q + W_o a v)) of visual tokens H [b, v, d]. */
function lookBack(p: Scope, H: Tensor, { rows, mask, counts }: Regions, { width, pool }: LookBack): Tensor {
  const [batch, tokens, most] = mask.shape
  const heads = headsFor(width)
  const projected = (name: string, x: Tensor) =>
    linear(p.at(`${name}_proj`), layerNormed(p.at(`${name}_norm`), x), width, false)
  const q = projected('q', H)
  const placed = add(rows, gather(p('position_embedding', [pool ** 2, width]), remainders(most, pool ** 2)))
  const each = (x: Tensor, length: Dim) => splitHeads(reshape(x, [mulDim(batch, tokens), length, width]), heads)
  const hidden = reshape(mask, [mulDim(batch, tokens), 1, 1, most])
  const a = attentionWeights(each(q, 1), each(projected('k', placed), most), hidden) // [b v, h, 1, w]
  const mixed = reshape(mergeHeads(attend(a, each(projected('v', placed), most))), q.shape)
  const found = select(greater(reshape(counts, [batch, tokens, 1]), 0), mixed, 0)
  const o = linear(p.at('out_proj'), found, width, false)
  const inner = gelu(linear(p.at('fc1'), layerNormed(p.at('norm'), add(q, o)), width))
  return linear(startingAt(p.at('fc2'), zeros), inner, fixedDim(ID, H, 2))
}

/** What visual tokens [b, v, d] tell each other within a view. */
function amongThemselves(p: Scope, seq: Sequence, states: Tensor): Tensor {
  const views = viewNumbers(seq)
  const [batch, tokens] = views.shape
  const isSame = equal(reshape(views, [batch, 1, tokens, 1]), reshape(views, [batch, 1, 1, tokens]))
  const x = layerNormed(p.at('norm'), states)
  const heads = headsFor(fixedDim(ID, states, 2))
  return crossAttention(p, x, x, x, { heads, mask: select(isSame, 0, -1e9) })
}
