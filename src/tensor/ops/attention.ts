import { addDim, type Dim, mulDim, product } from '../dims.ts'
import type { Emitter } from '../emitter.ts'
import { fill, type NdArray } from '../ndarray.ts'
import { assertFloat, fixedDim, type Op, op, ShapeError, type Tensor } from '../tensor.ts'
import { add, mul, neg, sub } from './arithmetic.ts'
import { reshape, sum } from './broadcast.ts'
import { slice, transpose } from './layout.ts'
import { matmul } from './matmul.ts'
import { softmax } from './reduce.ts'

const MICROSOFT = 'com.microsoft'
const LAST = 2 ** 31 - 1

/** [b, s, h d] -> [b, h, s, d]. */
const split = (x: Tensor, heads: number): Tensor =>
  transpose(reshape(x, [x.shape[0], x.shape[1], heads, fixedDim('attention', x, -1) / heads]), [0, 2, 1, 3])

/** [b, h, s, d] -> [b, s, h d]. */
const merge = (x: Tensor): Tensor =>
  reshape(transpose(x, [0, 2, 1, 3]), [x.shape[0], x.shape[2], mulDim(x.shape[1], x.shape[3])])

/**
 * Rotates the pairs (x_i, x_{i + d/2}) of every head of x [b, s, h d] by the angles whose cosine and sine are given,
 * each [b or 1, 1, s, d / 2]. RoFormer (arXiv 2104.09864), eq. 15.
 */
export const rotary: Op<{ heads: number }, [x: Tensor, cos: Tensor, sin: Tensor, heads: number]> = op({
  name: 'rotary',
  args: (x: Tensor, cos: Tensor, sin: Tensor, heads: number) => ({ inputs: [x, cos, sin], attrs: { heads } }),
  shape: (inputs, { heads }) => {
    const [x, cos, sin] = inputs
    assertFloat('rotary', inputs)
    const half = fixedDim('rotary', x, -1) / heads / 2
    const wanted = [1, x.shape[1], half].join()
    const fits = [cos, sin].every((t) => t.shape.slice(1).join() === wanted && [1, x.shape[0]].includes(t.shape[0]))
    if (x.shape.length !== 3 || !Number.isInteger(half) || !fits || cos.shape[0] !== sin.shape[0])
      throw new ShapeError(
        'rotary',
        `needs [b, s, ${heads} heads of even size] and cos, sin [b or 1, 1, s, d / 2]`,
        inputs,
      )
    return { shape: x.shape, dtype: x.dtype }
  },
  // y1 = x1 c - x2 s, y2 = x2 c + x1 s: dx turns back; dc = g1 x1 + g2 x2 and ds = g2 x1 - g1 x2, summed over the heads
  grad: (g, { inputs: [x, cos, sin], attrs: { heads } }) => {
    const [[x1, x2], [g1, g2]] = [halves(x, heads), halves(g, heads)]
    const overHeads = (t: Tensor) => sum(t, cos.shape[0] === x.shape[0] ? 1 : [0, 1], true)
    const dCos = overHeads(add(mul(g1, x1), mul(g2, x2)))
    const dSin = overHeads(sub(mul(g2, x1), mul(g1, x2)))
    return [rotary(g, cos, neg(sin), heads), dCos, dSin]
  },
  onnx: (emit, [x, cos, sin], { heads }, { inputs: [, angles] }) => {
    const [batch, , length, half] = angles.shape
    const table = (angle: string) =>
      emit.node('Reshape', [angle, emit.dims([mulDim(batch, length), half])], { allowzero: 1 })
    return emit.node(
      'RotaryEmbedding',
      [x, rowsOf(emit, batch, length), table(cos), table(sin)],
      { num_heads: heads },
      MICROSOFT,
    )
  },
  reference: ([x, cos, sin], { heads }) => {
    const [, length, width] = x.shape
    const [d, half] = [width / heads, width / heads / 2]
    return fill(x.shape, ([b, s, i]) => {
      const at = (b * length + s) * width + i
      const pair = i % d < half ? -x.data[at + half] : x.data[at - half]
      const angle = ((cos.shape[0] === 1 ? 0 : b) * length + s) * half + (i % half)
      return x.data[at] * cos.data[angle] + pair * sin.data[angle]
    })
  },
  flops: ({ shape }) => mulDim(3, product(shape)),
  sample: (r) => {
    const [b, s, heads, half] = r.shape(4)
    const angles = () => r.tensor([r.pick([1]), 1, s, half])
    if (b === 1) return [r.tensor([1, s, heads * 2 * half]), angles(), angles(), heads]
    return [r.tensor([b, s, heads * 2 * half]), r.tensor([b, 1, s, half]), r.tensor([b, 1, s, half]), heads]
  },
})

/** Which row of the table of angles each token takes: one offset for all, or row after row. */
function rowsOf(emit: Emitter, batch: Dim, length: Dim): string {
  if (batch === 1) return emit.constant('i64', [1], [0])
  const scalar = (dim: Dim) => emit.node('Squeeze', [emit.dim(dim)])
  const rows = emit.node('Range', [scalar(0), scalar(mulDim(batch, length)), scalar(1)])
  return emit.node('Reshape', [rows, emit.dims([batch, length])])
}

function halves(x: Tensor, heads: number): [Tensor, Tensor] {
  const apart = split(x, heads)
  const half = fixedDim('rotary', apart, -1) / 2
  return [slice(apart, -1, 0, half), slice(apart, -1, half)]
}

/**
 * softmax(q k^T / sqrt(d)) v, every token seeing every other: q, k, v [b, s, h d] -> [b, s, h d]. One fused kernel that
 * never writes the attention map. Attention Is All You Need (arXiv 1706.03762), eq. 1.
 */
export const fullAttention: Op<{ heads: number }, [q: Tensor, k: Tensor, v: Tensor, heads: number]> = op({
  name: 'fullAttention',
  args: (q: Tensor, k: Tensor, v: Tensor, heads: number) => ({ inputs: [q, k, v], attrs: { heads } }),
  shape: (inputs, { heads }) => {
    const [q, k, v] = inputs
    assertFloat('fullAttention', inputs)
    const fits =
      [k, v].every((t) => t.shape.join() === k.shape.join()) && q.shape[0] === k.shape[0] && q.shape[2] === k.shape[2]
    if (q.shape.length !== 3 || !fits || fixedDim('fullAttention', q, -1) % heads)
      throw new ShapeError(
        'fullAttention',
        `needs q [b, s, d] and k, v [b, t, d] with d divisible by ${heads} heads`,
        inputs,
      )
    return { shape: q.shape, dtype: q.dtype }
  },
  // P = softmax(q k^T / sqrt(d)): dv = P^T g;  dS = P (dP - sum(dP P)) with dP = g v^T;  dq = dS k, dk = dS^T q, over sqrt(d)
  grad: (g, { inputs, attrs: { heads } }) => {
    const [q, k, v] = inputs.map((x) => split(x, heads))
    const dOut = split(g, heads)
    const scale = fixedDim('fullAttention', q, -1) ** -0.5
    const weights = softmax(matmul(mul(q, scale), transpose(k)))
    const dWeights = matmul(dOut, transpose(v))
    const dScores = mul(weights, sub(dWeights, sum(mul(dWeights, weights), -1, true)))
    return [
      merge(mul(matmul(dScores, k), scale)),
      merge(mul(matmul(transpose(dScores), q), scale)),
      merge(matmul(transpose(weights), dOut)),
    ]
  },
  onnx: (emit, inputs, { heads }) => emit.node('MultiHeadAttention', inputs, { num_heads: heads }, MICROSOFT),
  reference: ([q, k, v], { heads }) => attentionReference(q, k, v, { heads, keyHeads: heads }),
  flops: ({ shape: [batch, length, width], inputs: [, k] }) =>
    mulDim(mulDim(mulDim(4, batch), mulDim(length, k.shape[1])), width),
  sample: (r) => {
    const [b, s, heads, d] = r.shape(4)
    const shape = [b, s, heads * d]
    return [r.tensor(shape), r.tensor(shape), r.tensor(shape), heads]
  },
})

export interface CachedAttentionOptions {
  readonly heads: number
  /** Multiplies the scores; 1 / sqrt(d) when absent. */
  readonly scale?: number
  /** How many tokens back a token sees, itself included; at least 2. */
  readonly window?: number
}

/**
 * Causal attention of new tokens over a cache and over themselves: q [1, s, h d], k and v [1, s, hk d], cached rows
 * [past, hk, d] -> [1, s, h d]; d a multiple of 8. Each group of h / hk query heads shares a key head (GQA, arXiv
 * 2305.13245). A single token reads the cache where it lies; several take the fused kernel. For inference only.
 */
export const cachedAttention: Op<
  CachedAttentionOptions & { scale: number },
  [q: Tensor, k: Tensor, v: Tensor, pastKeys: Tensor, pastValues: Tensor, options: CachedAttentionOptions]
> = op({
  name: 'cachedAttention',
  args: (q: Tensor, k: Tensor, v: Tensor, pastKeys: Tensor, pastValues: Tensor, options: CachedAttentionOptions) => ({
    inputs: [q, k, v, pastKeys, pastValues],
    attrs: { scale: fixedDim('cachedAttention', pastKeys, -1) ** -0.5, ...options },
  }),
  shape: (inputs, { heads, window = 2 }) => {
    const [q, k, v, pastKeys, pastValues] = inputs
    const [past, keyHeads, d] = pastKeys.shape as [Dim, number, number]
    const rows = [1, q.shape[1], keyHeads * d].join()
    const fits =
      [k, v].every((t) => t.shape.join() === rows) &&
      pastValues.shape.join() === pastKeys.shape.join() &&
      q.shape.join() === [1, q.shape[1], heads * d].join()
    if (
      !fits ||
      typeof past !== 'string' ||
      d % 8 ||
      heads % keyHeads ||
      window < 2 ||
      inputs.some((t) => t.dtype !== 'f32')
    )
      throw new ShapeError(
        'cachedAttention',
        `needs f32 [1, s, ${heads} d], [1, s, hk d] twice, [past, hk, d] twice, past a named dim, d a multiple of 8, a window of 2 or more`,
        inputs,
      )
    return { shape: q.shape, dtype: q.dtype }
  },
  onnx: (emit, names, options, { inputs: [q, , , pastKeys] }) => {
    const [past, keyHeads, d] = pastKeys.shape as [Dim, number, number]
    const layout: CachedLayout = { ...options, past, keyHeads, d, length: q.shape[1] }
    const [single, several] = [() => overCache(emit, names, layout), () => overChunk(emit, names, layout)]
    // The kernels that read the cache in place are not safe when it is empty: they divide by its length.
    const one = emit.constant('i64', [1], [1])
    const isSingle = emit.node('Equal', [emit.dim(layout.length), one])
    return emit.branch(
      emit.node('And', [isSingle, emit.node('GreaterOrEqual', [emit.dim(past), one])]),
      single,
      several,
    )
  },
  reference: ([q, k, v, pastKeys, pastValues], options) => {
    const [past, keyHeads] = pastKeys.shape
    const join = (cache: NdArray, rows: NdArray): NdArray => ({
      shape: [1, past + rows.shape[1], rows.shape[2]],
      data: Float64Array.from([...cache.data, ...rows.data]),
    })
    return attentionReference(q, join(pastKeys, k), join(pastValues, v), { ...options, keyHeads, causalFrom: past })
  },
  flops: ({ shape: [, length, width], inputs: [, , , pastKeys] }) =>
    mulDim(mulDim(4, width), mulDim(length, addDim(pastKeys.shape[0], length))),
})

interface CachedLayout extends CachedAttentionOptions {
  readonly scale: number
  readonly past: Dim
  readonly length: Dim
  readonly keyHeads: number
  readonly d: number
}

/** One token: products with the cache as it lies, [past, hk, d] read as hk matrices, and with the token itself. */
function overCache(emit: Emitter, [q, k, v, pastKeys, pastValues]: readonly string[], layout: CachedLayout): string {
  const { heads, keyHeads, d, scale, window } = layout
  const shaped = (x: string, rows: number) => emit.node('Reshape', [x, emit.dims([keyHeads, rows, d])])
  const cut = (x: string, from: number, to: number, axis: number) =>
    emit.node('Slice', [x, ...[from, to, axis].map((at) => emit.constant('i64', [1], [at]))])
  const recent = (rows: string) => (window === undefined ? rows : cut(rows, 1 - window, LAST, 0))
  const product = (a: string, b: string, attributes: Record<string, number | { float: number }>) =>
    emit.node('FusedMatMul', [a, b], attributes, MICROSOFT)
  const queries = shaped(q, heads / keyHeads)
  const alpha = { float: scale }
  const cached = product(queries, recent(pastKeys), { alpha, transB: 1, transBatchB: 1 })
  const own = product(queries, shaped(k, 1), { alpha, transB: 1 })
  const weights = emit.node('Softmax', [emit.node('Concat', [cached, own], { axis: -1 })], { axis: -1 })
  const fromCache = product(cut(weights, 0, -1, 2), recent(pastValues), { transBatchB: 1 })
  const fromOwn = emit.node('MatMul', [cut(weights, -1, LAST, 2), shaped(v, 1)])
  return emit.node('Reshape', [emit.node('Add', [fromCache, fromOwn]), emit.dims([1, 1, heads * d])])
}

/** Several tokens: the fused kernel, which wants the cache by heads and joins it with the new rows itself. */
function overChunk(emit: Emitter, [q, k, v, pastKeys, pastValues]: readonly string[], layout: CachedLayout): string {
  const { heads, keyHeads, d, scale, window, past, length } = layout
  const byHeads = (rows: string) =>
    emit.node('Reshape', [emit.node('Transpose', [rows], { perm: [1, 0, 2] }), emit.dims([1, keyHeads, past, d])], {
      allowzero: 1,
    })
  const whole = (dim: Dim) => emit.node('Cast', [emit.dim(dim)], { to: emit.elementType('i32') })
  const total = addDim(past, length)
  const inputs = [q, k, v, byHeads(pastKeys), byHeads(pastValues), whole(addDim(total, -1)), whole(total)]
  const attributes = {
    num_heads: heads,
    kv_num_heads: keyHeads,
    scale: { float: scale },
    ...(window !== undefined && { local_window_size: window }),
  }
  return emit.nodes('GroupQueryAttention', inputs, [true, true, true], attributes, MICROSOFT)[0]
}

interface ReferenceOptions {
  readonly heads: number
  readonly keyHeads: number
  readonly scale?: number
  readonly window?: number
  /** Where the first query lies among the keys; absent: every query sees every key. */
  readonly causalFrom?: number
}

/** Attention as its definition says: q [b, s, h d], k and v [b, t, hk d]. */
function attentionReference(q: NdArray, k: NdArray, v: NdArray, options: ReferenceOptions): NdArray {
  const { heads, keyHeads, causalFrom, window = Infinity } = options
  const [batch, length, width] = q.shape
  const [total, d] = [k.shape[1], width / heads]
  const { scale = d ** -0.5 } = options
  const data = new Float64Array(q.data.length)
  for (let row = 0; row < batch * length * heads; row++) {
    const [b, s, h] = [Math.floor(row / heads / length), Math.floor(row / heads) % length, row % heads]
    const keyAt = (t: number) => ((b * total + t) * keyHeads + Math.floor((h * keyHeads) / heads)) * d
    const at = (causalFrom ?? 0) + s
    const seen = [...Array(total).keys()].filter((t) => causalFrom === undefined || (t <= at && at - t < window))
    const dot = (t: number) => scale * range(d).reduce((x, i) => x + q.data[row * d + i] * k.data[keyAt(t) + i], 0)
    const scores = seen.map(dot)
    const top = Math.max(...scores)
    const powers = scores.map((score) => Math.exp(score - top))
    const norm = powers.reduce((a, b) => a + b, 0)
    for (const i of range(d))
      data[row * d + i] = seen.reduce((x, t, at) => x + (powers[at] / norm) * v.data[keyAt(t) + i], 0)
  }
  return { shape: q.shape, data }
}

const range = (n: number): number[] => [...Array(n).keys()]
