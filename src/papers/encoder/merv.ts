import { z } from 'zod'
import { adaptivePool } from '../../models/connectors/adaptive-pool.ts'
import { cellOfPatches } from '../../models/connectors/cells.ts'
import { EXPERTS, type ExpertKind, expertOf } from '../../models/vision/experts.ts'
import { linear, type Scope, zeros } from '../../nn/index.ts'
import { leave } from '../../pipeline/method/memory.ts'
import type { PlaceFunctions } from '../../pipeline/method/method.ts'
import { type EncoderFeatures, patchGrid, regroup } from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  concat,
  constant,
  expand,
  fixedDim,
  matmul,
  mean,
  mul,
  reshape,
  slice,
  softmax,
  stopGradient,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'
import { alignAndTune } from '../../training/dialogue-stage.ts'
import { expertStage } from '../../training/expert-stage.ts'
import { loraRank, tuned } from '../../training/lora.ts'
import { ownWeights } from '../../training/recipe.ts'
import { paper } from '../paper.ts'

const ID = 'merv'

const kinds = EXPERTS.join('|')
const encoder = `(${kinds})(-[0-9]+)?`

const options = z
  .object({
    encoders: z
      .string()
      .regex(new RegExp(`^(none|${encoder}(/${encoder})*)$`), `none, or some of ${EXPERTS.join(', ')} joined by /`)
      .refine(
        (names) => new Set(names.split('/')).size === names.split('/').length,
        'names one twice; call it siglip-2',
      )
      .default('dinov2/siglip')
      .describe('encoders beside the own one, as dinov2/siglip/clip; a second of a kind is siglip-2'),
    own: z.boolean().default(true).describe('the encoder of the model is one of them; without it, it does not run'),
    size: z
      .enum(['small', 'paper'])
      .default('small')
      .describe('of these encoders: as of the embedded model, or published'),
    side: z.int().min(1).max(64).default(8).describe('s: cells along a side of the common grid'),
    fusion: z
      .enum(['paper', 'code', 'static', 'uniform', 'sequence', 'channel'])
      .default('paper')
      .describe('how encoders are mixed: by a query, by constant weights, or side by side'),
    width: z.int().positive().default(3072).describe('a: width of query and keys where fusion is code'),
    lora: loraRank,
  })
  .refine(({ encoders, own }) => own || encoders !== 'none', {
    message: 'leaves no encoder; name some or keep the own one',
    path: ['own'],
  })

type Options = z.output<typeof options>

/**
 * Unifying Specialized Visual Encoders for Video Language Models
 * Chung et al. 2025, ICML 2025. https://arxiv.org/abs/2501.01426
 */
export const merv = paper({
  id: 'merv',
  name: 'MERV',
  title: 'Unifying Specialized Visual Encoders for Video Language Models',
  arxiv: '2501.01426',
  url: 'https://arxiv.org/abs/2501.01426',
  code: 'https://github.com/princetonvisualai/merv',
  date: '2025-01',
  venue: 'ICML 2025',
  kind: ['encoder', 'connector', 'training', 'interpretability'],
  summary:
    'No single encoder is best at objects, motion and language together. Four frozen experts read the same video, ' +
    'their features are resized to one grid and projected, and a small cross-attention averages the aligned ' +
    'sequences with weights per video. The LLM sees no more tokens than with one encoder, and the weights name ' +
    'the expert used.',
  equation: String.raw`
    x_e = \mathrm{pool}_{s \times s}(v_e)\, W_e + b_e,\qquad K_e = \mathrm{mean}_{\text{tokens}}\, x_e
    w = \mathrm{softmax}(Q K^\top / \sqrt{d}),\qquad O = \sum_e w_e\, x_e
  `,
  where:
    'Section 3.2. v_e are the features of E frozen encoders, averaged on one grid of s x s cells; Q is one ' +
    'learned query, d the width of the language model.',
  differs: [
    "The model's own encoder, as its own connector would read it, is one of the E unless `own` is false; " +
      'others of the kinds DINOv2, SigLIP and CLIP come beside it, as many as are named, their layer before the ' +
      'last.',
    'All see the same view, squeezed into their square, and nothing is mirrored (the released code crops for ' +
      'one of them and mirrors at random).',
    '`fusion=paper` is the equation; `code` projects query and keys to a width of their own first, and its ' +
      'discarded value projection is no weight here.',
    'Encoders of moving pictures are not among the towers, so a frame of a video is a view like any other and ' +
      'has a mixture of its own.',
    "The weights of the mixture are left as `merv.weights`, [b, 1, E], the model's own encoder first, where " +
      'it is there.',
    'Trained is first each further encoder, alone, on tasks of its own, in the place of published weights; ' +
      'then, with encoders frozen as in the paper, projectors and mixture, and in the end the language model ' +
      'too, by LoRA.',
  ],
  places: ['see.connector', 'read.linear', 'training'],
  options,
  method: (options) => places(options),
  recipe: (options) => {
    const named = (functions: PlaceFunctions) => ({ name: ID, ...functions })
    const alone = (name: string) =>
      expertStage(
        name,
        kindOf(name),
        named(places({ ...options, encoders: name, own: false, fusion: 'uniform', lora: 0 }, true)),
      )
    const trains = (weight: string) => ownWeights(weight) && !weight.includes('.encoders.')
    const mixed = alignAndTune({ rate: 3e-3, method: named(places(options)), trains })
    return { options, stages: [...namesOf(options.encoders).map(alone), ...mixed] }
  },
})

const namesOf = (encoders: string): string[] => (encoders === 'none' ? [] : encoders.split('/'))

const kindOf = (name: string): ExpertKind => name.split('-')[0] as ExpertKind

/** @param isTrained whether the further encoders are to be trained */
function places({ encoders, own, size, side, fusion, width, lora }: Options, isTrained = false): PlaceFunctions {
  const names = namesOf(encoders)
  return {
    needs: { encoders: Object.fromEntries(names.map((name) => [name, expertOf(kindOf(name), size)])) },
    see: {
      connector: (tokens, _next, { p, architecture }) => {
        const grid = patchGrid(tokens, ID)
        const d = architecture.language.hiddenSize
        const volumes = [
          ...(own ? [{ name: 'own', patches: tokens.states, grid }] : []),
          ...names.map((name) => volumeOf(name, tokens.encoders[name])),
        ]
        const frozen = isTrained ? (x: Tensor) => x : stopGradient
        const aligned = volumes.map(({ name, patches, grid }) =>
          linear(p.at('projectors', name), adaptivePool(frozen(patches), grid, side), d),
        ) // x_e, [b, l, d] each
        const mixed = (states: Tensor) => regroup(tokens, states, cellOfPatches(tokens.states.shape[0], grid, side), ID)
        if (fusion === 'sequence') return mixed(concat(aligned, 1)) // [b, E l, d]
        if (fusion === 'channel') return mixed(linear(p.at('joined'), concat(aligned, 2), d))
        const w = softmax(scores(p, aligned, { fusion, width })) // [b, E]
        const row = reshape(w, [w.shape[0], 1, w.shape[1]])
        return leave(mixed(mixture(aligned, w)), 'merv.weights', row, ID)
      },
    },
    read: tuned(lora),
  }
}

interface Volume {
  readonly name: string
  /** [b, n, d of the encoder] */
  readonly patches: Tensor
  readonly grid: EncoderFeatures['grid']
}

/** The patches of the layer before the last. */
function volumeOf(name: string, { outputs, special, grid }: EncoderFeatures): Volume {
  return { name, patches: slice(outputs[Math.max(0, outputs.length - 2)].states, 1, special), grid }
}

interface FusionOptions {
  readonly fusion: 'paper' | 'code' | 'static' | 'uniform'
  readonly width: number
}

/** What the softmax makes the weights of: for x_e [b, l, d], [b, E]. */
export function scores(p: Scope, aligned: readonly Tensor[], { fusion, width }: FusionOptions): Tensor {
  const [batch] = aligned[0].shape
  const count = aligned.length
  if (fusion === 'uniform' || fusion === 'static') {
    const constants = fusion === 'uniform' ? constant(zeros([count]), [count]) : p('scores', [count], zeros)
    return expand(reshape(constants, [1, count]), [batch, count])
  }
  const keys = concat(
    aligned.map((x) => mean(x, 1, true)),
    1,
  ) // K, [b, E, d]
  const a = fusion === 'code' ? width : fixedDim('merv', keys, 2)
  const query = p('query', [1, a])
  const project = (name: string, x: Tensor) => (fusion === 'code' ? linear(p.at(name), x, a) : x)
  const products = matmul(project('k_proj', keys), transpose(project('q_proj', query))) // [b, E, 1]
  return reshape(mul(products, 1 / Math.sqrt(a)), [batch, count])
}

/** O = sum_e w_e x_e from x_e [b, l, d] and w [b, E]. */
export function mixture(aligned: readonly Tensor[], w: Tensor): Tensor {
  const weighted = aligned.map((x, e) => mul(x, reshape(slice(w, 1, e, e + 1), [w.shape[0], 1, 1])))
  return weighted.reduce((sum, part) => add(sum, part))
}
