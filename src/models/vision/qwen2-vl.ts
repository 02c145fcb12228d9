import { FoveaError } from '../../errors.ts'
import {
  activation,
  attend,
  attentionScores,
  attentionWeights,
  axialRotation,
  layerNormed,
  linear,
  mergeHeads,
  type Rotation,
  rmsNormed,
  rotaryFrequencies,
  rotate,
  type Scope,
  splitHeads,
} from '../../nn/index.ts'
import {
  add,
  concat,
  constant,
  equal,
  fullAttention,
  gather,
  gelu,
  matmul,
  mul,
  reshape,
  select,
  slice,
  softmax,
  sum,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'
import { type EncoderStages, type Grid, type Patches, throughEncoder, type VisionLayer } from '../vision-side.ts'
import { spanningMatrix } from './positions.ts'
import type { QwenVisionConfig } from './qwen2-vl-config.ts'
import { gridOf, resampledPositions } from './transformer.ts'
import { inverseOrder, type WindowGroup, windowNumbers, windowOrder } from './windows.ts'

const EPSILON = 1e-6

/** What the encoder computed, patches in raster order. */
export interface QwenVisionFeatures {
  readonly layers: readonly VisionLayer[]
  readonly grid: Grid
  /** Input of the first layer followed by the output of each; sorted by windows where there are some. */
  readonly outputs: readonly Patches[]
  /** Output of the last layer, normalised for the merger: [b, n, d]. */
  readonly output: Tensor
  /** What the last layer left, as it is. */
  readonly last: Patches
}

/**
 * The vision encoders of Qwen2-VL (arXiv 2409.12191, section 2.1) and Qwen2.5-VL (arXiv 2502.13923, section 2.1.1): ViT of
 * any resolution with rotary positions for rows and columns, the latter with attention in windows. Pixels [b, 3, H, W], or
 * [b, 3 frames, H, W] with the frames of a channel next to each other.
 */
export function qwenVision(
  p: Scope,
  config: QwenVisionConfig,
  pixels: Tensor,
  stages?: EncoderStages,
): QwenVisionFeatures {
  const grid = gridOf(pixels, config.patch)
  const patches = placed(p, config, patchEmbedding(p.at('patch_embed', 'proj'), config, pixels), grid)
  const order = config.windows && windowOrder(grid, config.windows.side)
  const sorted = (x: Tensor) => (order ? gather(x, constant(order.order, [order.order.length], 'i64'), 1) : x)
  const places = order && constant(inverseOrder(order.order), [order.order.length], 'i64')
  const raster = (x: Tensor, axis: number) => (places ? gather(x, places, axis) : x)
  const rotary = gridRotation(config, grid, order?.order)

  const run = (index: number, x: Tensor, { kept, changedBy }: Patches) => {
    if (order && changedBy) throw inWindows(changedBy)
    const isFull = !config.windows || config.windows.full.includes(index)
    const turn = kept ? rotationOf(rotary, kept.numbers) : rotary
    return encoderLayer(p.at('blocks', index), config, x, { rotary: turn, groups: isFull ? undefined : order?.groups })
  }
  const start: Patches = { states: sorted(patches), special: 0, grid }
  const { layers, outputs } = throughEncoder(start, config.depth, stages, run)
  const last = outputs[outputs.length - 1]
  const inRaster = layers.map(({ input, hidden, keys, attention, logits }) => ({
    input,
    hidden: raster(hidden, 1),
    keys: raster(keys, 1),
    attention: raster(raster(attention, 2), 3),
    logits: raster(raster(logits, 2), 3),
  }))
  const output = raster(normed(p.at('merger', 'ln_q'), config, last.states), 1)
  return { layers: inRaster, grid, outputs, output, last }
}

/** The merger of all generations: squares of normalised patches through a two-layer MLP. */
export function mergeSquares(p: Scope, { width, merge: side, out }: QwenVisionConfig, squares: Tensor): Tensor {
  const inner = gelu(linear(p.at(0), squares, width * side * side))
  return linear(p.at(2), inner, out)
}

/** The rotation of some patches [1, m]. */
const rotationOf = ({ cos, sin }: Rotation, patches: Tensor): Rotation => {
  const of = (x: Tensor) => gather(x, reshape(patches, [patches.shape[1]]), 2)
  return { cos: of(cos), sin: of(sin) }
}

const inWindows = (changedBy: readonly string[]) =>
  new FoveaError(
    'method_unfit',
    'usage',
    `${changedBy.at(-1)} drops patches within the encoder, which this one lays out in windows; use a model without windows`,
  )

const normed = (p: Scope, { gated }: QwenVisionConfig, x: Tensor): Tensor =>
  gated ? rmsNormed(p, x, EPSILON) : layerNormed(p, x, EPSILON)

/** The convolution over space and time as one matrix product: [b, n, d]. A still image is the same in all frames. */
function patchEmbedding(p: Scope, { width, patch: s, frames }: QwenVisionConfig, pixels: Tensor): Tensor {
  const [batch, planes] = pixels.shape
  const { rows, columns } = gridOf(pixels, s)
  const weight = p('weight', [width, 3, frames, s, s])
  const kernel = planes === 3 ? sum(weight, 2) : weight
  const numbers = Number(planes) * s * s
  const cells = transpose(reshape(pixels, [batch, planes, rows, s, columns, s]), [0, 2, 4, 1, 3, 5])
  return matmul(reshape(cells, [batch, rows * columns, numbers]), transpose(reshape(kernel, [width, numbers])))
}

/** Patches with the bias of their embedding and their learnt positions, where there are such. */
function placed(p: Scope, { width, learnt: side }: QwenVisionConfig, patches: Tensor, grid: Grid): Tensor {
  if (side === undefined) return patches
  const table = p.at('pos_embed')('weight', [side * side, width])
  const positions = resampledPositions(table, side, grid, spanningMatrix)
  return add(add(patches, p.at('patch_embed', 'proj')('bias', [width])), positions)
}

/** The first half of a head's pairs turns with the row of a patch, the other with its column. */
function gridRotation({ width, heads, theta }: QwenVisionConfig, { rows, columns }: Grid, order?: readonly number[]) {
  const count = rows * columns
  const patches = order ?? Array.from({ length: count }, (_, patch) => patch)
  const positions = patches.flatMap((patch) => [Math.floor(patch / columns), patch % columns])
  const frequencies = rotaryFrequencies(width / heads / 2, theta)
  const axes = [0, 1].flatMap((axis) => frequencies.map(() => axis))
  return axialRotation(constant(positions, [1, count, 2]), [...frequencies, ...frequencies], axes)
}

interface LayerContext {
  readonly rotary: Rotation
  /** The windows that tokens look within, in the order of the tokens; everywhere when absent. */
  readonly groups?: readonly WindowGroup[]
}

function encoderLayer(p: Scope, config: QwenVisionConfig, x: Tensor, { rotary, groups }: LayerContext) {
  const { width, heads } = config
  const projected = linear(p.at('attn', 'qkv'), normed(p.at('norm1'), config, x), 3 * width)
  const [q, k, v] = [0, 1, 2].map((part) => slice(projected, -1, part * width, (part + 1) * width))
  const turned = [q, k].map((each) => rotate(each, rotary, heads))
  const [queries, keys, values] = [...turned, v].map((each) => splitHeads(each, heads))
  const logits = attentionScores(queries, keys)
  const attention = softmax(groups ? add(logits, windowMask(groups)) : logits)
  const mixed = groups
    ? mergeHeads(attendInWindows(queries, keys, values, groups))
    : fullAttention(turned[0], turned[1], v, heads)
  const attended = add(x, linear(p.at('attn', 'proj'), mixed, width))
  const hidden = add(attended, feedForward(p.at('mlp'), config, normed(p.at('norm2'), config, attended)))
  return { hidden, keys: k, attention, logits }
}

/** Attention of each window on its own: [b, h, n, d]. All windows of one size stand beside the heads. */
function attendInWindows(queries: Tensor, keys: Tensor, values: Tensor, groups: readonly WindowGroup[]): Tensor {
  const [batch, heads, , width] = queries.shape
  let start = 0
  const parts = groups.map(({ windows, patches }) => {
    const end = start + windows * patches
    const [q, k, v] = [queries, keys, values].map((x) =>
      reshape(slice(x, 2, start, end), [batch, Number(heads) * windows, patches, width]),
    )
    start = end
    return reshape(attend(attentionWeights(q, k), v), [batch, heads, windows * patches, width])
  })
  return concat(parts, 2)
}

/** The same attention as one matrix, for methods that read it: [1, 1, n, n]. */
function windowMask(groups: readonly WindowGroup[]): Tensor {
  const numbers = windowNumbers(groups)
  const along = (shape: number[]) => constant(numbers, shape, 'i64')
  const isSame = equal(along([1, 1, numbers.length, 1]), along([1, 1, 1, numbers.length]))
  return select(isSame, 0, -1e9)
}

function feedForward(p: Scope, { width, inner, activation: name, gated }: QwenVisionConfig, x: Tensor): Tensor {
  const act = activation(name)
  if (!gated) return linear(p.at('fc2'), act(linear(p.at('fc1'), x, inner)), width)
  const gate = act(linear(p.at('gate_proj'), x, inner))
  return linear(p.at('down_proj'), mul(gate, linear(p.at('up_proj'), x, inner)), width)
}
