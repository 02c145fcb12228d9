import { z } from 'zod'
import { EXPERTS, expertOf } from '../../models/vision/experts.ts'
import type { Grid } from '../../models/vision-side.ts'
import { layerNormed, linear, type Scope } from '../../nn/index.ts'
import { patchesAt } from '../../pipeline/method/depth-patches.ts'
import type { PlaceFunctions } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import { type EncoderFeatures, patchGrid, type VisualTokens } from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  fixedDim,
  gelu,
  interpolate,
  mul,
  mulDim,
  reshape,
  slice,
  softmax,
  stopGradient,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'
import { dialogueStage } from '../../training/dialogue-stage.ts'
import { expertStage } from '../../training/expert-stage.ts'
import { loraRank, tuned } from '../../training/lora.ts'
import { ownWeights } from '../../training/recipe.ts'
import { paper } from '../paper.ts'

const ID = 'comm'

const options = z
  .object({
    encoder: z
      .enum(['none', ...EXPERTS])
      .default('dinov2')
      .describe('the second encoder, beside the own one'),
    own: z.boolean().default(true).describe('the encoder of the model is the first; without it, it does not run'),
    size: z
      .enum(['small', 'paper'])
      .default('small')
      .describe('of the second encoder: as of the embedded model, or published'),
    deepest: z
      .number()
      .gt(0)
      .max(1)
      .default(0.25)
      .describe('share of the layers of the second that are read, its deepest'),
    merge: z
      .enum(['lln', 'layerscale', 'mean', 'deeper'])
      .default('lln')
      .describe(
        'how layers become one: LN, linear and a scalar each; scalars of sum 1; the mean of all, or of the deeper half',
      ),
    blocks: z.int().min(0).max(8).default(2).describe('MLPs behind the second encoder; 0: it stays linear'),
    ratio: z.int().min(1).max(16).default(4).describe('r: width of these, of that of a patch'),
    layer: z
      .int()
      .min(1)
      .optional()
      .describe('reads this layer alone, counted from 1, through one linear map: the probe of section 3'),
    lora: loraRank,
  })
  .refine(({ encoder, own }) => own || encoder !== 'none', {
    message: 'leaves no encoder; name a second or keep the own one',
    path: ['own'],
  })

type Options = z.output<typeof options>

/**
 * From CLIP to DINO: Visual Encoders Shout in Multi-modal Large Language Models
 * Jiang et al. 2023. https://arxiv.org/abs/2310.08825
 */
export const comm = paper({
  id: ID,
  name: 'COMM',
  title: 'From CLIP to DINO: Visual Encoders Shout in Multi-modal Large Language Models',
  arxiv: '2310.08825',
  url: 'https://arxiv.org/abs/2310.08825',
  code: 'https://github.com/YuchenLiu98/COMM',
  date: '2023-10',
  kind: ['encoder', 'connector', 'interpretability', 'training'],
  summary:
    'The last CLIP layer alone loses where things are: shallow layers localise, deep ones name, and deep DINOv2 ' +
    'layers hold fine detail. COMM adds up the normalised features of all CLIP layers and of six DINOv2 layers ' +
    'with learned weights, aligns the latter with an MLP and concatenates both per patch. Grounding improves ' +
    'greatly at an unchanged number of tokens.',
  equation: String.raw`
    v_1 = \sum_{i=1}^{24} \alpha_i\, \mathrm{Linear}_i\big(\mathrm{LN}_i(z_1^{(i)})\big),\qquad v_2 = \sum_{j=19}^{24} \beta_j\, \mathrm{Linear}_j\big(\mathrm{LN}_j(z_2^{(j)})\big)
    t = \mathrm{Linear}\big([\,v_1,\ \mathrm{MLP}(v_2)\,]\big)
  `,
  where:
    'z_1 and z_2 are what the layers of CLIP and of DINOv2 put out, patch by patch; alpha and beta are learned scalars. ' +
    'Both are joined along channels, so a picture costs the tokens of one encoder.',
  differs: [
    'No code of the method is published. LN comes before the linear map, as in the equation (the text has the other ' +
      'order), one of each per layer, and scalars start at one over their number; only `layerscale` makes them sum to 1.',
    'The own encoder of the model is the first, with all its layers; which layers of the second are read is a share of ' +
      'its depth, 6 of 24 by default.',
    'An MLP is Linear, GELU, Linear, and none of them is residual; the paper does not say.',
    'Where the patches of the second lie in another grid, its sum is interpolated to that of the first, bilinearly.',
    'The merging by convolution and batch norm is left out: its kernel is not given, and no other method here keeps ' +
      'running statistics.',
    'The second encoder is first trained alone, in the place of published weights. Then, with both frozen, all that the ' +
      'method adds and the language model, by LoRA, are trained together from the start, as in the paper.',
  ],
  places: ['see.connector', 'read.linear', 'training'],
  options,
  method: (options) => places(options),
  recipe: (options) => {
    const method = { name: ID, ...places(options) }
    const trains = (weight: string) => ownWeights(weight) && !weight.includes('.encoders.')
    const second = secondOf(options)
    const alone =
      second && expertStage(second, second, { name: ID, ...places({ ...options, own: false, lora: 0 }, true) })
    const { layer, ...rest } = options
    return {
      options: { ...rest, ...(layer && { layer }) },
      stages: [...(alone ? [alone] : []), dialogueStage({ name: 'tune', steps: 500, rate: 3e-3, method, trains })],
    }
  },
  run: async function* (lab) {
    if (lab.part !== 'effect') return
    const { contrasts } = await import('../reports/contrast.ts')
    const tasks = ['box']
    yield* contrasts(lab, [
      { claim: 'both find boxes better than the first', first: {}, other: { encoder: 'none' }, tasks, least: 5 },
      { claim: 'both find boxes better than the second', first: {}, other: { own: false }, tasks, least: 5 },
      { claim: 'an MLP aligns the second better', first: {}, other: { blocks: 0 }, tasks, least: 3 },
    ])
  },
})

/** The second encoder, where something reads it: the probe of a layer looks at one encoder alone. */
const secondOf = ({ encoder, own, layer }: Options) => (encoder === 'none' || (own && layer) ? undefined : encoder)

/** @param isTrained whether the second encoder is to be trained */
function places(options: Options, isTrained = false): PlaceFunctions {
  const { own, size, deepest, merge, blocks, ratio, layer, lora } = options
  const merging = { merge, frozen: isTrained ? (x: Tensor) => x : stopGradient }
  const name = secondOf(options)
  return {
    ...(name && { needs: { encoders: { [name]: expertOf(name, size) } } }),
    see: {
      connector: (tokens, _next, { p, architecture }) => {
        const grid = patchGrid(tokens, ID)
        // A linear map of channels side by side is the sum of one map of each part.
        const mapped = (part: string, x: Tensor) =>
          linear(p.at('projections', part), x, architecture.language.hiddenSize)
        const second = name && tokens.encoders[name]
        if (layer) return { ...tokens, states: mapped('probe', probed(second || tokens, layer)) }
        const found: Tensor[] = []
        if (own) found.push(mapped('own', merged(p.at('own'), ownLayers(tokens), merging))) // v_1
        if (second) {
          const v = merged(p.at(name), deepestOf(second, deepest), merging)
          found.push(mapped(name, aligned(p.at('aligner'), inGrid(v, second.grid, grid), blocks, ratio))) // MLP(v_2)
        }
        return { ...tokens, states: found.reduce((sum, part) => add(sum, part)) }
      },
    },
    read: tuned(lora),
  }
}

/** z^(1) to z^(L) of the model's own encoder. */
const ownLayers = (tokens: VisualTokens): Tensor[] => patchesAt(tokens, [...tokens.vision.layers.keys()], ID)

/** The last layers of a further encoder, at least one. */
function deepestOf({ outputs, special }: EncoderFeatures, share: number): Tensor[] {
  const count = Math.max(1, Math.round(share * (outputs.length - 1)))
  return outputs.slice(-count).map(({ states }) => slice(states, 1, special))
}

/** What one layer, counted from 1, of the own encoder or of a further one put out. */
function probed(from: VisualTokens | EncoderFeatures, layer: number): Tensor {
  const layers = 'vision' in from ? ownLayers(from) : deepestOf(from, 1)
  if (layer <= layers.length) return layers[layer - 1]
  throw methodError(`${ID}: layer=${layer}, but the encoder has ${layers.length} layers`)
}

interface Merging {
  readonly merge: Options['merge']
  readonly frozen: (x: Tensor) => Tensor
}

/** One state of each patch from those of several layers [b, n, d]. They are added up one after another, so that few are held. */
export function merged(p: Scope, layers: readonly Tensor[], { merge, frozen }: Merging): Tensor {
  const read = merge === 'deeper' ? layers.slice(Math.floor(layers.length / 2)) : layers
  const first = (shape: readonly number[]) => new Float32Array(shape[0]).fill(1 / shape[0])
  const scales = merge === 'lln' || merge === 'layerscale' ? p('scales', [read.length], first) : undefined
  const alpha = merge === 'layerscale' && scales ? softmax(scales) : scales
  const parts = read.map((z, at) => {
    const x = merge === 'lln' ? normedMap(p.at('layers', at), frozen(z)) : frozen(z)
    return mul(x, alpha ? slice(alpha, 0, at, at + 1) : 1 / read.length)
  })
  return parts.reduce((sum, part) => add(sum, part))
}

/** Linear(LN(z)) */
const normedMap = (p: Scope, z: Tensor): Tensor =>
  linear(p.at('linear'), layerNormed(p.at('norm'), z), fixedDim(ID, z, 2))

/** Through `blocks` MLPs, D -> rD -> D each. */
function aligned(p: Scope, v: Tensor, blocks: number, ratio: number): Tensor {
  const D = fixedDim(ID, v, 2)
  return Array.from({ length: blocks }, (_, at) => p.at(at)).reduce(
    (x, block) => linear(block.at('fc2'), gelu(linear(block.at('fc1'), x, ratio * D)), D),
    v,
  )
}

/** Patches [b, n, d] of one grid as those of another. */
function inGrid(v: Tensor, from: Grid, to: Grid): Tensor {
  if (from.rows === to.rows && from.columns === to.columns) return v
  const [batch, , d] = v.shape
  const map = reshape(transpose(v), [batch, d, from.rows, from.columns])
  const resized = interpolate(map, [to.rows, to.columns], { mode: 'bilinear' })
  return transpose(reshape(resized, [batch, d, mulDim(to.rows, to.columns)]))
}
