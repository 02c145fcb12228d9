import { z } from 'zod'
import { leave, recall } from '../../pipeline/method/memory.ts'
import type { PlaceFunctions, Site } from '../../pipeline/method/method.ts'
import { cast, dimValue, div, maximum, reshape, sum, type Tensor } from '../../tensor/index.ts'
import { paper } from '../paper.ts'
import { encoded, semantic, VOXELS, voxelsOf } from './llm-vem/head.ts'
import { headStage, measuredMap, tuneStage } from './llm-vem/stages.ts'

const ID = 'llm-vem'
const FEATURE = 'cortex.feature'

const options = z.object({
  lambda: z.number().min(0).default(0.01).describe('weight of the loss that draws pictures to their captions; 0: none'),
  tau: z.number().positive().default(0.07).describe('temperature of that loss'),
  align: z.enum(['contrastive', 'positive']).default('contrastive').describe('captions of others push away, or not'),
  hidden: z.int().min(1).default(64).describe('h: numbers that a picture becomes'),
  components: z.int().min(1).max(VOXELS).default(32).describe('components of the map of voxels'),
  dropout: z.number().min(0).max(0.95).default(0.5).describe('share of channels left out in training'),
  tune: z.boolean().default(true).describe('whether the attention of the vision encoder is trained in a second stage'),
})

type Options = z.output<typeof options>

/**
 * Aligned with LLM: a new multi-modal training paradigm for encoding fMRI activity in visual cortex
 * 2024. https://arxiv.org/abs/2401.03851
 *
 * z_k = mean over blocks of sum_t A[k, t] (F W^T)[t, k]; y_s = E (S z + U_s z + b_s) + mu; L = MSE(y_s, y) + lambda
 * InfoNCE(P z, t), t the states of a caption.
 *
 * The head `voxels` says what the voxels of four subjects answer to a picture, [1, subjects, voxels]; of several pictures, to
 * their mean. With lambda above 0 the head `embedding` gives P z, which lies near captions; no caption is read to say voxels.
 */
export const llmVem = paper({
  id: 'llm-vem',
  name: 'LLM-VEM',
  title: 'Aligned with LLM: a new multi-modal training paradigm for encoding fMRI activity in visual cortex',
  arxiv: '2401.03851',
  url: 'https://arxiv.org/abs/2401.03851',
  date: '2024-01',
  kind: ['training', 'application', 'interpretability'],
  summary:
    'Models that predict brain activity from images see pixels only. Here a vision-language model captions every ' +
    'stimulus, and while the encoder learns to predict fMRI voxels its image feature is also drawn to the ' +
    'embedding of that caption. Text is needed in training only; the semantic supervision improves the prediction ' +
    'of visual cortex.',
  equation: [
    'z_k = \\sum_t A_{kt} (F W^\\top)_{tk}',
    '\\hat{y}_s = E (S z + U_s z + b_s) + \\mu',
    'L = \\mathrm{MSE}(\\hat{y}_s, y) + \\lambda L_{\\mathrm{NCE}}(P z, t)',
  ].join('\n'),
  where:
    'F are the states of a block of the vision encoder, z is averaged over blocks, E and mu are the group PCA of training ' +
    'responses, S is shared by the subjects and U_s their own, and t is the embedding of a caption.',
  differs: [
    'Voxels are those of the synthetic cortex of Fovea World, four subjects with a hundred each; NSD needs an agreement and is not read.',
    'The extractor is the vision encoder of the model that is trained on, every other layer of it, where the paper has EVA02.',
    "Captions are written by the World and name every shape with its colour; the text tower is the mean of the states of the model's own language half, where the paper has MiniGPT-4 and CLIP.",
    'States are standardised row by row in the place of batch norm, averaged over 6 x 6 cells, so that the map fits views of every size, and whole channels are dropped, half of them.',
    'The form of the head and the two stages are those of public code with the same extractor design (arXiv 2308.02351), as the paper has no code; mu is added once.',
    'Pairs of one picture that several subjects saw are no negatives of each other.',
  ],
  places: ['see.patches', 'read.heads', 'training'],
  options,
  example: { tune: false },
  recipe: (options) => ({
    options,
    measured: (at) => measuredMap(at, options.components),
    stages: [headStage(options), ...(options.tune ? [tuneStage(options)] : [])],
  }),
  method: (options) => places(options),
  checks: async function* (lab) {
    yield* (await import('./llm-vem/checks.ts')).checks(lab)
  },
  run: async function* (lab) {
    if (lab.part === 'effect') yield* (await import('./llm-vem/effect.ts')).effect(lab)
  },
})

const places = ({ lambda, hidden, components }: Options): PlaceFunctions => ({
  see: {
    patches: (tokens, { p }) => {
      const z = encoded(p, tokens, hidden)
      return leave(tokens, FEATURE, reshape(z, [z.shape[0], 1, hidden]), ID)
    },
  },
  read: {
    heads: {
      voxels: (_, at) => voxelsOf(at.p, pooled(at), components),
      ...(lambda > 0 && { embedding: (_, at) => semantic(at.p, pooled(at), at.architecture.language.hiddenSize) }),
    },
  },
})

/** The mean of z over the pictures of a prompt, [1, h]; 0 without any. */
function pooled(at: Site): Tensor {
  const rows = recall(at, FEATURE, ID)
  return div(sum(rows, 1), maximum(cast(dimValue(rows.shape[1]), 'f32'), 1))
}
