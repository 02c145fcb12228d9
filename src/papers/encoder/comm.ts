import { z } from 'zod'
import { expertOf } from '../../models/vision/experts.ts'
import { type FirstValue, layerNormed, linear, type Scope, zeros } from '../../nn/index.ts'
import { perToken } from '../../pipeline/method/encoder-signals.ts'
import type { PlaceFunctions } from '../../pipeline/method/method.ts'
import { patchGrid, type VisualTokens } from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  concat,
  fixedDim,
  gelu,
  interpolate,
  mul,
  reshape,
  slice,
  softmax,
  stopGradient,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'
import { dialogueStage } from '../../training/dialogue-stage.ts'
import { loraRank, tuned } from '../../training/lora.ts'
import { ownWeights } from '../../training/recipe.ts'
import { paper } from '../paper.ts'

const ID = 'comm'

const options = z.object({
  encoders: z
    .enum(['both', 'own', 'dinov2'])
    .default('both')
    .describe('whose layers are read; one alone to compare with'),
  merge: z
    .enum(['linear', 'scale', 'mean', 'deep', 'last'])
    .default('linear')
    .describe(
      'layers after a norm and a matrix each, by scalars alone, their mean, that of the deeper half, or the last',
    ),
  scalars: z.enum(['free', 'softmax']).default('free').describe('of linear merging: any, or such that they sum to 1'),
  blocks: z.int().min(0).default(2).describe('of the MLP behind the layers of DINOv2; 0: none'),
  ratio: z.int().min(1).default(4).describe('how much wider it is inside'),
  size: z.enum(['small', 'paper']).default('small').describe('of DINOv2: as of the embedded model, or published'),
  lora: loraRank,
})

type Options = z.output<typeof options>

/**
 * From CLIP to DINO: Visual Encoders Shout in Multi-modal Large Language Models
 * 2023. https://arxiv.org/abs/2310.08825
 */
export const comm = paper({
  id: ID,
  name: 'COMM',
  title: 'From CLIP to DINO: Visual Encoders Shout in Multi-modal Large Language Models',
  arxiv: '2310.08825',
  url: 'https://arxiv.org/abs/2310.08825',
  code: 'https://github.com/YuchenLiu98/COMM',
  date: '2023-10',
  kind: ['encoder', 'connector', 'interpretability'],
  summary:
    'The last CLIP layer alone loses where things are: shallow layers localise, deep ones name, and deep DINOv2 ' +
    'layers hold fine detail. COMM adds up the normalised features of all CLIP layers and of six DINOv2 layers ' +
    'with learned weights, aligns the latter with an MLP and concatenates both per patch. Grounding improves ' +
    'greatly at an unchanged number of tokens.',
  equation: String.raw`
    v_1 = \sum_{i=1}^{L} \alpha_i\,(W_i\,\mathrm{LN}_i(z^1_i) + b_i),\qquad v_2 = \mathrm{MLP}\Big(\sum_{j > \frac{3}{4} L'} \beta_j\,(U_j\,\mathrm{LN}_j(z^2_j) + c_j)\Big)
    t = W_p\,[v_1, v_2] + b_p
  `,
  where:
    'z^1_i are the patches behind each layer of the encoder of the model, z^2_j those of the deepest quarter of DINOv2, six of ' +
    '24; alpha and beta are learned numbers. Both encoders see the same view, and token k is the same place of it in both.',
  differs: [
    'No code is published. The encoder of the model stands where CLIP stood; states are as layers leave them, without a last ' +
      'norm, CLS and registers dropped.',
    'The norm comes before the matrix, as in the equation (the name LLN says the other order), one of each for every layer; ' +
      'scalars start at one over their number and are free; with `softmax`, and in `scale`, they sum to 1.',
    'The MLP has two blocks of ratio 4, the best of the ablation, without residuals.',
    'Where grids differ, the map of DINOv2 is resized to that of the model, between pixels; where an encoder folds patches ' +
      'together, their states are averaged.',
    'A DINOv2 of this size has no published weights: it is trained first, alone. Then projector, fusion and language model ' +
      'are trained together, as in the paper, the last by LoRA; both encoders are frozen.',
    'The layer probe of section 3 is not here.',
  ],
  places: ['see.connector', 'read.linear', 'training'],
  options,
  method: (options) => places(options),
  recipe: (options) => {
    const stage = (name: string, steps: number, isAlone: boolean) => {
      const trains = (weight: string) => ownWeights(weight) && (isAlone || !weight.includes('.encoders.'))
      return dialogueStage({ name, steps, rate: 3e-3, method: { name: ID, ...places(options, isAlone) }, trains })
    }
    const [alone, tune] = [stage('dinov2', 300, true), stage('tune', 650, false)]
    return { options, stages: options.encoders === 'own' ? [tune] : [alone, tune] }
  },
  run: async function* (lab) {
    if (lab.part !== 'effect') return
    const { contrasts } = await import('../reports/contrast.ts')
    const first = { encoders: 'both', merge: 'linear' }
    const tasks = ['box']
    yield* contrasts(lab, [
      {
        claim: 'all layers of both find boxes better than the last of the own encoder',
        first,
        other: { encoders: 'own', merge: 'last' },
        tasks,
        least: 5,
      },
      {
        claim: 'all layers of both find boxes better than the last of DINOv2',
        first,
        other: { encoders: 'dinov2', merge: 'last' },
        tasks,
        least: 5,
      },
    ])
  },
})

/** @param isAlone whether DINOv2 is trained, before there is anything beside it */
function places({ encoders, size, blocks, ratio, lora, ...rule }: Options, isAlone = false): PlaceFunctions {
  return {
    ...(encoders !== 'own' && { needs: { encoders: { dinov2: expertOf('dinov2', size) } } }),
    see: {
      connector: (tokens, _next, { p, architecture }) => {
        patchGrid(tokens, ID)
        const [D, d] = [architecture.language.hiddenSize, fixedDim(ID, tokens.states, 2)]
        const v1 = () => merged(p.at('own'), ownLayers(tokens), rule)
        const v2 = () => {
          const deep = deepLayers(tokens, isAlone ? (x) => x : stopGradient)
          return aligned(p.at('mlp'), merged(p.at('dinov2'), deep, rule), { blocks, ratio })
        }
        const projected = (v: Tensor, whole?: [number, number]) => linear(p.at('projection'), v, D, true, whole)
        if (encoders === 'own') return { ...tokens, states: projected(v1()) }
        if (encoders === 'dinov2') return { ...tokens, states: projected(v2()) }
        // DINOv2 takes the first columns, so that they can be trained before the others.
        const first = v2()
        if (isAlone) return { ...tokens, states: projected(first, [D, fixedDim(ID, first, 2) + d]) }
        return { ...tokens, states: projected(concat([first, v1()], 2)) }
      },
    },
    read: tuned(isAlone ? 0 : lora),
  }
}

/** z^1_i [b, n, d]: all that the encoder of the model ran. */
const ownLayers = (tokens: VisualTokens): Tensor[] =>
  tokens.vision.layers.map(({ hidden }) => perToken(tokens, slice(hidden, 1, tokens.vision.special), ID))

/** z^2_j: the deepest quarter, on the grid of the model. */
function deepLayers({ encoders, vision }: VisualTokens, frozen: (x: Tensor) => Tensor): Tensor[] {
  const { outputs, special, grid } = encoders.dinov2
  const layers = outputs.length - 1 // the first output is the input of all layers
  return outputs.slice(-Math.ceil(layers / 4)).map(({ states }) => {
    const patches = frozen(slice(states, 1, special))
    return sameGrid(grid, vision.grid) ? patches : resized(patches, grid, vision.grid)
  })
}

type Grid = VisualTokens['vision']['grid']

const sameGrid = (a: Grid, b: Grid): boolean => a.rows === b.rows && a.columns === b.columns

function resized(x: Tensor, from: Grid, to: Grid): Tensor {
  const [batch, , d] = x.shape
  const map = reshape(transpose(x), [batch, d, from.rows, from.columns])
  return transpose(
    reshape(interpolate(map, [to.rows, to.columns], { mode: 'bilinear' }), [batch, d, to.rows * to.columns]),
  )
}

/** sum_i alpha_i (W_i LN_i(z_i) + b_i) and its simpler forms, [b, n, d]. */
export function merged(
  p: Scope,
  layers: readonly Tensor[],
  { merge, scalars }: Pick<Options, 'merge' | 'scalars'>,
): Tensor {
  if (merge === 'last') return layers[layers.length - 1]
  if (merge === 'mean' || merge === 'deep') return average(merge === 'mean' ? layers : layers.slice(layers.length >> 1))
  const L = layers.length
  const sumsToOne = merge === 'scale' || scalars === 'softmax'
  const alpha = sumsToOne ? softmax(p('scalars', [L], zeros)) : p('scalars', [L], evenly)
  const mapped = (z: Tensor, i: number) =>
    merge === 'scale' ? z : linear(p.at('layers', i), layerNormed(p.at('norms', i), z), fixedDim(ID, z, 2))
  return layers.map((z, i) => mul(mapped(z, i), slice(alpha, 0, i, i + 1))).reduce((sum, part) => add(sum, part))
}

/** One over how many there are. */
const evenly: FirstValue = ([count]) => new Float32Array(count).fill(1 / count)

const average = (layers: readonly Tensor[]): Tensor =>
  mul(
    layers.reduce((sum, z) => add(sum, z)),
    1 / layers.length,
  )

/** Blocks of Linear(d, r d), GELU, Linear(r d, d). */
function aligned(p: Scope, x: Tensor, { blocks, ratio }: Pick<Options, 'blocks' | 'ratio'>): Tensor {
  const d = fixedDim(ID, x, 2)
  return Array.from({ length: blocks }).reduce<Tensor>((x, _, at) => {
    const block = p.at('blocks', at)
    return linear(block.at('fc2'), gelu(linear(block.at('fc1'), x, ratio * d)), d)
  }, x)
}
