import { z } from 'zod'
import type { Architecture } from '../../models/family.ts'
import { type Asked, allTags, pastLength } from '../../models/language/sequence.ts'
import type { LinearLayer } from '../../nn/index.ts'
import type { LayerSite, LinearSite, PlaceFunctions, Site } from '../../pipeline/method/method.ts'
import { gatherRows, writeRows } from '../../pipeline/method/rows.ts'
import { keepVisual, type Sequence } from '../../pipeline/method/sequence.ts'
import {
  abs,
  add,
  addDim,
  and,
  equal,
  expand,
  greaterEqual,
  lessEqual,
  mul,
  not,
  reshape,
  select,
  slice,
  sub,
  type Tensor,
} from '../../tensor/index.ts'
import { dialogueStage } from '../../training/dialogue-stage.ts'
import { isLora, loraRank, tuned } from '../../training/lora.ts'
import { paper } from '../paper.ts'
import { calibratedHeads } from './yopo/calibrate.ts'
import { keptHeads, partOfHeads, visualInPart } from './yopo/skipped-heads.ts'
import { ownTag } from './yopo/tags.ts'

const options = z.object({
  window: z
    .int()
    .min(0)
    .default(5)
    .describe('W: side in patches of the neighbourhood that a visual token sees; 0: all'),
  causal: z.boolean().default(false).describe('visual tokens do not see later neighbours either'),
  heads: z.boolean().default(true).describe('heads count by their calibrated mask, which is a weight of the method'),
  dropped: z
    .enum(['skip', 'mask'])
    .default('skip')
    .describe('visual tokens of a dropped head are not there for it, or weigh nothing behind its softmax'),
  ratio: z.number().min(1).default(2).describe('visual tokens use one in so many feed-forward neurons'),
  cut: z.number().min(0).max(1).default(0.5).describe('share of the layers that compute visual tokens'),
  after: z.enum(['drop', 'mask']).default('drop').describe('after the cut: visual tokens are gone, or weigh nothing'),
  kept: z
    .number()
    .min(0)
    .max(1)
    .default(0.75)
    .describe('share of the heads behind the first two layers that calibration keeps; tau follows from it'),
  lora: loraRank,
})

/**
 * Treat Visual Tokens as Text? But Your MLLM Only Needs Fewer Efforts to See
 * 2024. https://arxiv.org/abs/2410.06169
 */
export const yopo = paper({
  id: 'yopo',
  name: 'YOPO',
  title: 'Treat Visual Tokens as Text? But Your MLLM Only Needs Fewer Efforts to See',
  arxiv: '2410.06169',
  url: 'https://arxiv.org/abs/2410.06169',
  code: 'https://github.com/ZhangAIPI/YOPO_MLLM_Pruning',
  date: '2024-10',
  kind: ['compute'],
  summary:
    'Instead of dropping tokens per image, prunes the work spent on visual tokens once and for all: they attend ' +
    'only to neighbours in the image, heads that do not look at images leave them out, part of the feed-forward ' +
    'neurons suffices, and late layers skip them. LLaVA-1.5 keeps most of its accuracy at 12 % of the FLOPs, ' +
    'after its usual tuning.',
  equation: String.raw`
    S_{ij} \leftarrow -\infty \quad \text{for visual } i, j \text{ with } |r_i - r_j| > w \text{ or } |c_i - c_j| > w,\qquad w = \lfloor (W - 1) / 2 \rfloor
    O_{ih} = M_{lh}\, \mathrm{softmax}_j(S_{ijh})\, V_{jh} \quad \text{for visual } i;\qquad j \text{ visual only where } M_{lh} > 0
    \mathrm{FFN}(x_i) = W_2\, \sigma(W_1 x_i) \quad \text{with the first } I / \text{ratio} \text{ of the } I \text{ neurons, for visual } i
    \text{visual rows are skipped from layer } \mathrm{round}(\text{cut} \cdot L) \text{ on}
  `,
  where:
    'S are the scores of attention, r and c the row and column of a visual token in its view, M a mask of ' +
    'heads that calibration finds for each layer. Neighbours are seen in both directions of time. Text rows ' +
    'are computed in full.',
  differs: [
    'After the cut visual rows are gone and text renormalises (`after=drop`, the form that saves compute); ' +
      "`mask` is the authors' simulation, which weighs their columns 0 and computes them all the same.",
    'A dropped head is without visual tokens (`dropped=skip`: text renormalises, and none of its four ' +
      "projections is computed for them), or weighs their columns 0 behind the softmax (`mask`, the authors' " +
      'form: its sum still counts their keys, so these are computed).',
    'M is a weight of the method, which its recipe calibrates once, on 100 dialogues about the World.',
    'What is skipped is cut out of the weights when a program is traced, since M is known then; of grouped ' +
      'keys only whole groups can be.',
    'Neighbours are of one view, and W counts the patches that the connector takes, so merged ones where a ' +
      'family merges.',
    'Rows and columns come from tags, so prompts of any template and several pictures are right, and text ' +
      'alone is never touched.',
    'The window hides what is far, but does not save its scores: with bands of rows, 38 % of the scores and ' +
      'sums among 12 x 12 visual tokens would be left and 20 % of those among 24 x 24. That is 30 of the 409 ' +
      'MFLOP counted for a prompt of fovea-mini, 0.07 of 3.37 TFLOP for LLaVA-1.5-7B; it would cost five copies ' +
      'of visual keys and values in each layer, and an attention of its own in the place of that of each ' +
      'family.',
  ],
  places: ['read.layer', 'read.attention', 'read.feedForward', 'read.linear', 'training'],
  options,
  recipe: (options) => ({
    options,
    ...(options.heads && {
      measured: (at) => calibratedHeads(at, { ...options, layers: maskedLayers(at.data.architecture, options) }),
    }),
    stages: options.lora === 0 ? [] : [tuning(options)],
  }),
  method: (options) => places(options),
})

type Options = z.output<typeof options>

/** Short, as the paper's usual tuning is not: under the method from its first step. */
const tuning = (options: Options) =>
  dialogueStage({
    name: 'tune',
    steps: 300,
    rate: 1e-3,
    method: { name: 'yopo', ...places(options) },
    trains: isLora,
  })

function places({ window, causal, heads, dropped, ratio, cut, after, lora }: Options): PlaceFunctions {
  const cutOf = ({ architecture }: Site) => cutLayer(architecture, cut)
  return {
    read: {
      layer: (seq, next, at) => next(after === 'drop' && at.layer === cutOf(at) ? withoutVisual(seq) : seq),
      attention: (asked, next, at) => {
        const isCut = at.layer >= cutOf(at)
        if (isCut && after === 'drop') return next(asked)
        const seen = window > 0 ? amongNeighbours(asked, Math.floor((window - 1) / 2), causal) : asked
        const mask = heads ? headWeights(at) : undefined
        if (!mask && !isCut) return next(seen)
        if (mask && dropped === 'skip' && !isCut) {
          const mixed = next(withoutHeads(seen, mask))
          return mul(mixed, rowFactor(asked, mask, mixed))
        }
        const columns = isCut || !mask ? 0 : reshape(mask, [1, mask.shape[0], 1, 1])
        const mixed = next({ ...seen, weigh: (weights) => mul(weights, visualFactor(keysOf(asked), columns)) })
        return mask ? mul(mixed, rowFactor(asked, mask, mixed)) : mixed
      },
      feedForward: (x, next, { input: { visual, text } }) => {
        if (ratio === 1) return next(x)
        const inFull = writeRows(x, text, next(gatherRows(x, text)))
        return writeRows(inFull, visual, next(gatherRows(x, visual), 1 / ratio))
      },
      linear: (x, next, at) => {
        const { linear: trained } = tuned(lora)
        const layer: LinearLayer = trained ? (y, part) => trained(y, (z) => next(z, part), at) : next
        const part = heads ? skippedPart(at, { dropped, after, cut: cutOf(at) }) : undefined
        return part ? visualInPart(x, layer, part, at.within!.input) : layer(x)
      },
    },
  }
}

/** What of a projection is left for visual tokens; undefined for all of it. Behind the cut their keys count in every softmax. */
function skippedPart(at: LinearSite, { dropped, after, cut }: Pick<Options, 'dropped' | 'after' | 'cut'>) {
  const { within, weight, architecture } = at
  if (!within || (after === 'drop' && within.layer >= cut)) return undefined
  const kept = keptHeads(at.known?.(headWeights({ ...at, layer: within.layer })))
  const isWithout = dropped === 'skip' && within.layer < cut
  return kept && partOfHeads(weight, kept, architecture.language.heads, isWithout)
}

/** The first layer that skips visual tokens. */
const cutLayer = ({ language }: Architecture, cut: number): number => Math.round(cut * language.layers)

/** How many layers read a mask of heads. */
const maskedLayers = (architecture: Architecture, { cut, after }: Options): number =>
  after === 'drop' ? cutLayer(architecture, cut) : architecture.language.layers

const withoutVisual = (seq: Sequence): Sequence => keepVisual(seq, slice(seq.visual, 1, 0, 0), 'yopo')

/** M of a layer, [h]. */
const headWeights = ({ p, layer, architecture }: LayerSite): Tensor =>
  p.at('layers', layer)('heads', [architecture.language.heads.count], (shape) => new Float32Array(shape[0]).fill(1))

/** Which keys are visual, bool [b, past + s]. */
const keysOf = (asked: Asked): Tensor => greaterEqual(keyTag(asked, 'view'), 0)

const keyTag = (asked: Asked, name: 'view' | 'row' | 'column'): Tensor => allTags(name, ownTag(asked, name), asked.past)

/** Visual queries see of the visual keys those within `reach` rows and columns of their view, and of text what they saw. */
function amongNeighbours(asked: Asked, reach: number, causal: boolean): Asked {
  const [batch, length] = asked.input.states.shape
  const total = addDim(pastLength(asked.past), length)
  const query = (name: 'view' | 'row' | 'column') => reshape(ownTag(asked, name), [batch, 1, length, 1])
  const key = (name: 'view' | 'row' | 'column') => reshape(keyTag(asked, name), [batch, 1, 1, total])
  const within = (name: 'row' | 'column') => lessEqual(abs(sub(query(name), key(name))), reach)
  const areVisual = and(greaterEqual(query('view'), 0), greaterEqual(key('view'), 0))
  const areNear = and(equal(query('view'), key('view')), and(within('row'), within('column')))
  const far = select(and(areVisual, not(areNear)), -1e9, 0)
  const mask = asked.mask ? add(asked.mask, far) : far
  return { ...asked, mask, ...(!causal && { reveal: and(areVisual, areNear) }) }
}

/** Dropped heads do not see visual keys. */
function withoutHeads(asked: Asked, mask: Tensor): Asked {
  const isVisual = keysOf(asked)
  const [batch, total] = isVisual.shape
  const hidden = reshape(mul(sub(mask, 1), 1e9), [1, mask.shape[0], 1, 1])
  const far = select(reshape(isVisual, [batch, 1, 1, total]), hidden, 0)
  return { ...asked, mask: asked.mask ? add(asked.mask, far) : far }
}

/** 1 for text keys, `weight` for visual ones: [b, h or 1, 1, past + s]. */
function visualFactor(isVisual: Tensor, weight: Tensor | number): Tensor {
  const [batch, total] = isVisual.shape
  return select(reshape(isVisual, [batch, 1, 1, total]), weight, 1)
}

/** 1 for text rows, each head's mask for visual ones: [b, s, h d]. */
function rowFactor(asked: Asked, mask: Tensor, mixed: Tensor): Tensor {
  const isVisual = greaterEqual(ownTag(asked, 'view'), 0)
  const [heads, width] = [mask.shape[0] as number, mixed.shape[2] as number]
  const wide = reshape(expand(reshape(mask, [heads, 1]), [heads, width / heads]), [1, 1, width])
  return select(reshape(isVisual, [...isVisual.shape, 1]), wide, 1)
}

/** What visual rows still cost in projections and feed-forward layers (d wide, I neurons), where heads are left out for good. */
export function visualShare(
  size: { d: number; I: number },
  saved: { cut: number; heads: number; ratio: number },
): number {
  const [projections, neurons] = [4 * size.d ** 2, 3 * size.d * size.I]
  const left = saved.cut * (saved.heads * projections + neurons / saved.ratio)
  return left / (projections + neurons)
}
