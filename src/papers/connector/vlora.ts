import { z } from 'zod'
import type { Architecture } from '../../models/family.ts'
import { crossAttention, headsFor, layerNormed, linear, type Scope, zeros } from '../../nn/index.ts'
import { leave, recall } from '../../pipeline/method/memory.ts'
import type { PlaceFunctions, Site } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import { remainders } from '../../pipeline/method/rows.ts'
import { keepTokens, type VisualTokens } from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  cast,
  concat,
  dimValue,
  div,
  expand,
  fixedDim,
  gelu,
  interpolate,
  matmul,
  maximum,
  mul,
  reshape,
  scatterAdd,
  slice,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'
import { alignAndTune } from '../../training/dialogue-stage.ts'
import { loraRank, tuned } from '../../training/lora.ts'
import { ownWeights } from '../../training/recipe.ts'
import { paper } from '../paper.ts'

const ID = 'vlora'

/** Queries, keys, values and output of attention, and the bypass of the feed-forward layer. */
type Type = 'q' | 'k' | 'v' | 'o' | 'm'

const options = z.object({
  types: z
    .string()
    .regex(/^[qkvom]+$/, 'letters of qkvom')
    .default('qkvom')
    .describe('what is changed: queries, keys, values, output of attention, MLP'),
  rank: z.int().min(1).default(64).describe('r: how many directions a change has'),
  alpha: z.number().gt(0).default(64).describe('changes count alpha / r'),
  skip: z.int().min(1).default(4).describe('s: the last of each so many layers is changed'),
  depth: z.int().min(1).default(8).describe('blocks of a generator'),
  width: z.number().gt(0).default(0.25).describe('d as a share of the width of the language model'),
  lora: loraRank,
})

type Options = z.output<typeof options>

/**
 * Visual Perception by Large Language Model's Weights
 * 2024, NeurIPS 2024. https://arxiv.org/abs/2405.20339
 */
export const vlora = paper({
  id: 'vlora',
  name: 'VLoRA',
  title: "Visual Perception by Large Language Model's Weights",
  arxiv: '2405.20339',
  url: 'https://arxiv.org/abs/2405.20339',
  code: 'https://github.com/FeipengMa6/VLoRA',
  date: '2024-05',
  venue: 'NeurIPS 2024',
  kind: ['connector', 'training'],
  summary:
    'Feeds an image to the LLM as weights instead of tokens. From the patches, a query transformer computes one ' +
    'of two low-rank factors that change the attention weights and bypass the feed-forward part of every fourth ' +
    'layer; the other factor is learned. The prompt holds text only, so prefill does not grow with the image, at ' +
    'some loss of accuracy.',
  equation: String.raw`
    y = W x + \frac{\alpha}{r}\, B_{tj} A_{tj}^{\top} x \quad \text{for } t \in \{q, k, v, o\},\qquad \mathrm{MLP}(x) + \frac{\alpha}{r}\, B_{mj} A_{mj}^{\top} x
    A_t = g_t(F),\qquad F = V W_p + P
  `,
  where:
    'There are no visual tokens. For each type t a query transformer g_t reads the patches F: learned queries [k, ' +
    'd] through blocks of self-attention, cross-attention and an MLP, and one linear layer from d to h r gives A ' +
    '[h, r] for each of the k changed layers l, (l + 1) mod s = 0. B [out, r] is learned and begins at 0.',
  differs: [
    'Of several pictures A is the mean, of none it is 0, so text alone is read without it.',
    'B is as narrow as its layer (grouped keys), A as wide as what its layer reads; P lies on a grid of 24 x 24 ' +
      'and is interpolated to others.',
    'd is a share of the width of the language model: 1/4 of 4096 in one of the scripts of the authors, 1/8 in ' +
      'the other.',
    'The placeholder takes no slot and no position, in training as in answering.',
    'Factors stay apart instead of being merged into W, so one compiled program serves all pictures.',
    'Trained are first the generators, then the language model too, by LoRA pairs of its own; the encoder is ' +
      'frozen.',
    'A model of few layers wants a smaller `skip`, and one of small width smaller factors: ' +
      '`vlora:skip=2,rank=8,alpha=8,depth=2,width=.5`.',
  ],
  places: ['see.connector', 'read.feedForward', 'read.linear', 'training'],
  options,
  method: (options) => places(options),
  recipe: (options) => {
    const method = { name: ID, ...places(options) }
    return { options, stages: alignAndTune({ rate: 3e-3, method, trains: ownWeights }) }
  },
})

function places({ types, rank, alpha, skip, depth, width, lora }: Options): PlaceFunctions {
  const chosen = [...new Set(types)] as Type[]
  const scale = alpha / rank
  const { linear: own } = tuned(lora)
  /** alpha / r B A^T x; undefined where a layer stays as it is. */
  const delta = (at: Site, layer: number, type: Type, x: Tensor, out: number): Tensor | undefined => {
    if (!chosen.includes(type) || (layer + 1) % skip !== 0) return undefined
    const [j, k] = [Math.floor(layer / skip), changedLayers(at.architecture, skip).length]
    const A = slice(meanOf(recall(at, memoryOf(type), ID), k * rank), 1, j * rank, (j + 1) * rank) // [b, r, h]
    const B = at.p.at(type, j)('B', [out, rank], zeros)
    return mul(matmul(matmul(x, transpose(A)), transpose(B)), scale)
  }
  return {
    see: {
      connector: (tokens, next, at) => {
        const k = changedLayers(at.architecture, skip).length
        if (k === 0) throw tooFewLayers(at.architecture, skip)
        const d = Math.round(width * at.architecture.language.hiddenSize)
        const F = placed(at.p, tokens, d)
        const none = keepTokens(next(tokens), slice(tokens.owner, 1, 0, 0), ID)
        return chosen.reduce((left, type) => {
          const size = { k, h: widthOf(at.architecture, type), rank, depth }
          return leave(left, memoryOf(type), generate(at.p.at(type), F, size), ID)
        }, none)
      },
    },
    read: {
      linear: (x, model, at) => {
        const next = (x: Tensor) => (own ? own(x, model, at) : model(x))
        const found = PROJECTION.exec(at.weight)
        if (!found) return next(x)
        const { query, keyValue } = sizesOf(at.architecture)
        const parts: readonly (readonly [Type, number])[] =
          found[2] === 'qkv'
            ? [
                ['q', query],
                ['k', keyValue],
                ['v', keyValue],
              ]
            : [[found[2].replace('out', 'o') as Type, at.out]]
        return plus(
          next(x),
          parts.map(([type, out]) => ({ change: delta(at, Number(found[1]), type, x, out), out })),
        )
      },
      feedForward: (x, next, at) =>
        plus(next(x), [{ change: delta(at, at.layer, 'm', x, fixedDim(ID, x, 2)), out: fixedDim(ID, x, 2) }]),
    },
  }
}

/** The layer and the projection that a weight of attention is of. */
const PROJECTION = /\blayers\.(\d+)\.(?:.*\.)?(q|k|v|o|qkv|out)_proj\.weight$/

const memoryOf = (type: Type): string => `lora.${type}`

/** Layers that are changed, of so many; (l + 1) mod s = 0. */
export const changedLayers = ({ language: { layers } }: Pick<Architecture, 'language'>, skip: number): number[] =>
  Array.from({ length: layers }, (_, layer) => layer).filter((layer) => (layer + 1) % skip === 0)

const tooFewLayers = ({ language: { layers } }: Architecture, skip: number) =>
  methodError(
    `${ID} changes the last of each ${skip} layers, this model has ${layers}; use ${ID}:skip=${layers} or less`,
  )

const sizesOf = ({ language: { heads } }: Architecture) => ({
  query: heads.count * heads.width,
  keyValue: heads.keyValue * heads.width,
})

/** What a changed layer reads: the states, or what the heads bring together. */
const widthOf = (architecture: Architecture, type: Type): number =>
  type === 'o' ? sizesOf(architecture).query : architecture.language.hiddenSize

/** y, and what its parts change, side by side. */
function plus(y: Tensor, parts: readonly { change?: Tensor; out: number }[]): Tensor {
  if (parts.every(({ change }) => !change)) return y
  const none = (out: number) => mul(slice(y, -1, 0, out), 0)
  const changes = parts.map(({ change, out }) => change ?? none(out))
  return add(y, changes.length > 1 ? concat(changes, -1) : changes[0])
}

/** Side of the grid that positions are learned on. */
const SIDE = 24

/** F = V W_p + P, [b, n, d]. */
function placed(p: Scope, { vision }: VisualTokens, d: number): Tensor {
  const { patches, grid } = vision
  if (patches.shape[1] !== grid.rows * grid.columns)
    throw methodError(`${ID} places patches in a grid, but ${vision.changedBy?.at(-1) ?? 'this encoder'} leaves others`)
  const table = interpolate(p('position_embedding', [d, SIDE, SIDE]), [grid.rows, grid.columns], { mode: 'bicubic' })
  const positions = transpose(reshape(table, [d, grid.rows * grid.columns]))
  return add(linear(p.at('patches'), patches, d), positions)
}

interface GeneratorSize {
  readonly k: number
  readonly h: number
  readonly rank: number
  readonly depth: number
}

/** A_j of all changed layers for patches F [b, n, d]: [b, k r, h]. */
function generate(p: Scope, F: Tensor, { k, h, rank, depth }: GeneratorSize): Tensor {
  const [batch, d] = [F.shape[0], fixedDim(ID, F, 2)]
  const attention = { heads: headsFor(d), bias: true }
  let Q = expand(reshape(p('queries', [k, d]), [1, k, d]), [batch, k, d])
  for (let block = 0; block < depth; block++) {
    const at = p.at('blocks', block)
    const own = layerNormed(at.at('norm1'), Q)
    Q = add(Q, crossAttention(at.at('self_attn'), own, own, own, attention))
    Q = add(Q, crossAttention(at.at('cross_attn'), layerNormed(at.at('norm2'), Q), F, F, attention))
    Q = add(Q, linear(at.at('fc2'), gelu(linear(at.at('fc1'), layerNormed(at.at('norm3'), Q), 4 * d)), d))
  }
  const A = reshape(linear(p.at('factors'), layerNormed(p.at('norm'), Q), h * rank), [batch, k, h, rank])
  return reshape(transpose(A), [batch, k * rank, h])
}

/** The mean of what pictures left, `each` rows of each, [b, pictures * each, h] -> [b, each, h]; 0 without pictures. */
function meanOf(rows: Tensor, each: number): Tensor {
  const [batch, count, width] = rows.shape
  const index = expand(reshape(remainders(count, each), [1, count, 1]), rows.shape)
  const pictures = maximum(div(cast(dimValue(count), 'f32'), each), 1)
  return div(scatterAdd([batch, each, width], index, rows, 1), pictures)
}
