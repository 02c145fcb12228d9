import { broadcastShapes } from '../dims.ts'
import { broadcastReader, fill, type NdArray } from '../ndarray.ts'
import { roundHalfEven } from '../round-half-even.ts'
import {
  assertFloat,
  assertNumeric,
  type GradContext,
  isFloat,
  type Op,
  op,
  ShapeError,
  type Tensor,
  type TensorLike,
} from '../tensor.ts'
import { unbroadcast } from './broadcast.ts'
import { cast, greaterEqual, less, where } from './logic.ts'
import { lift, liftPair } from './sources.ts'

type Binary = Op<object, [a: TensorLike, b: TensorLike]>
type Unary = Op<object, [x: Tensor]>
type BinaryGrad = (g: Tensor, a: Tensor, b: Tensor, out: Tensor) => readonly [Tensor, Tensor]

/** A broadcasting element-wise op of two operands; gradients come back in the operands' own shapes. */
function binary(
  name: string,
  onnxType: string,
  f: (a: number, b: number) => number,
  grad?: BinaryGrad,
  low = -1,
): Binary {
  return op({
    name,
    args: (a: TensorLike, b: TensorLike) => ({ inputs: liftPair(a, b), attrs: {} }),
    shape: ([a, b]) => {
      const shape = broadcastShapes(a.shape, b.shape)
      if (!shape) throw new ShapeError(name, 'shapes do not broadcast', [a, b])
      if (a.dtype !== b.dtype) throw new ShapeError(name, 'dtypes differ; cast one of them', [a, b])
      assertNumeric(name, [a, b])
      return { shape, dtype: a.dtype }
    },
    ...(grad && {
      grad: (g: Tensor, { inputs: [a, b], out }: GradContext<object>) => {
        const [ga, gb] = grad(g, a, b, out)
        return [unbroadcast(ga, a.shape), unbroadcast(gb, b.shape)]
      },
    }),
    onnx: (emit, [a, b]) => emit.node(onnxType, [a, b]),
    reference: ([a, b], _, { dtype }, shape) => {
      const [x, y] = [broadcastReader(a), broadcastReader(b)]
      // Integer division truncates toward zero.
      return fill(
        shape,
        isFloat(dtype) ? (index) => f(x(index), y(index)) : (index) => Math.trunc(f(x(index), y(index))),
      )
    },
    sample: (r) => {
      const [a, b, c] = r.shape(3)
      const shapes = [[a, b, c], [b, 1], [1], [], [a, 1, c]]
      return [
        r.tensor(
          r.pick([
            [a, b, c],
            [1, b, c],
          ]),
          { low },
        ),
        r.tensor(r.pick(shapes), { low, distinct: true }),
      ]
    },
  })
}

export const add: Binary = binary(
  'add',
  'Add',
  (a, b) => a + b,
  (g) => [g, g],
)

export const sub: Binary = binary(
  'sub',
  'Sub',
  (a, b) => a - b,
  (g) => [g, neg(g)],
)

// d(ab) = b da + a db
export const mul: Binary = binary(
  'mul',
  'Mul',
  (a, b) => a * b,
  (g, a, b) => [mul(g, b), mul(g, a)],
)

// d(a/b) = da / b - (a/b) db / b
export const div: Binary = binary(
  'div',
  'Div',
  (a, b) => a / b,
  (g, _, b, out) => [div(g, b), neg(div(mul(g, out), b))],
  0.5,
)

// d(a^b) = b a^(b-1) da + a^b ln a db
export const pow: Binary = binary(
  'pow',
  'Pow',
  (a, b) => a ** b,
  (g, a, b, out) => [mul(g, mul(b, pow(a, sub(b, 1)))), mul(g, mul(out, log(a)))],
  0.5,
)

// The gradient follows the chosen operand; ties go to the first.
export const maximum: Binary = binary('maximum', 'Max', Math.max, (g, a, b) => [
  mul(g, cast(greaterEqual(a, b), g.dtype)),
  mul(g, cast(less(a, b), g.dtype)),
])

export const minimum: Binary = binary('minimum', 'Min', Math.min, (g, a, b) => [
  mul(g, cast(greaterEqual(b, a), g.dtype)),
  mul(g, cast(less(b, a), g.dtype)),
])

type UnaryGrad = (g: Tensor, x: Tensor, out: Tensor) => Tensor
interface UnaryOptions {
  readonly low?: number
  readonly high?: number
  /** Defined on integers too. */
  readonly integers?: boolean
}

/** An element-wise op of one operand. */
function unary(
  name: string,
  onnxType: string,
  f: (x: number) => number,
  grad?: UnaryGrad,
  options: UnaryOptions = {},
): Unary {
  return op({
    name,
    args: (x: Tensor) => ({ inputs: [x], attrs: {} }),
    shape: ([x]) => {
      if (options.integers) assertNumeric(name, [x])
      else assertFloat(name, [x])
      return { shape: x.shape, dtype: x.dtype }
    },
    ...(grad && { grad: (g: Tensor, { inputs: [x], out }: GradContext<object>) => [grad(g, x, out)] }),
    onnx: (emit, [x]) => emit.node(onnxType, [x]),
    reference: ([x]): NdArray => ({ shape: x.shape, data: x.data.map(f) }),
    sample: (r) => [r.tensor(r.shape(r.int(0, 3)), options)],
  })
}

export const neg: Unary = unary(
  'neg',
  'Neg',
  (x) => -x,
  (g) => neg(g),
  { integers: true },
)

export const abs: Unary = unary('abs', 'Abs', Math.abs, (g, x) => mul(g, sign(x)), { integers: true })

// Piecewise constant: no gradient.
export const sign: Unary = unary('sign', 'Sign', Math.sign, undefined, { integers: true })
export const floor: Unary = unary('floor', 'Floor', Math.floor)
export const ceil: Unary = unary('ceil', 'Ceil', Math.ceil)
/** To the nearest integer, halves to the even one. */
export const round: Unary = unary('round', 'Round', roundHalfEven)

// d e^x = e^x dx
export const exp: Unary = unary('exp', 'Exp', Math.exp, (g, _, out) => mul(g, out))

// d ln x = dx / x
export const log: Unary = unary('log', 'Log', Math.log, (g, x) => div(g, x), { low: 0.5, high: 2 })

// d sqrt(x) = dx / (2 sqrt(x))
export const sqrt: Unary = unary('sqrt', 'Sqrt', Math.sqrt, (g, _, out) => div(mul(g, 0.5), out), { low: 0.5, high: 2 })

export const sin: Unary = unary('sin', 'Sin', Math.sin, (g, x) => mul(g, cos(x)))

export const cos: Unary = unary('cos', 'Cos', Math.cos, (g, x) => neg(mul(g, sin(x))))

// d tanh(x) = (1 - tanh^2) dx
export const tanh: Unary = unary('tanh', 'Tanh', Math.tanh, (g, _, out) => mul(g, sub(1, mul(out, out))))

// d s(x) = s (1 - s) dx
export const sigmoid: Unary = unary(
  'sigmoid',
  'Sigmoid',
  (x) => 1 / (1 + Math.exp(-x)),
  (g, _, out) => mul(g, mul(out, sub(1, out))),
)

/** Error function by its series of positive terms, which loses no digits (only the reference uses it). */
function erfReference(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x)
  let [term, total] = [x, x]
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) {
    term *= (2 * x * x) / (2 * n + 1)
    total += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total
}

// d erf(x) = 2/sqrt(pi) e^(-x^2) dx
export const erf: Unary = unary('erf', 'Erf', erfReference, (g, x) =>
  mul(g, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))),
)

/** max(x, 0). */
export const relu: Unary = unary(
  'relu',
  'Relu',
  (x) => Math.max(x, 0),
  (g, x) => mul(g, cast(greaterEqual(x, 0), g.dtype)),
)

/** x * Phi(x), the exact GELU. */
export const gelu: Op<object, [x: Tensor]> = op({
  name: 'gelu',
  args: (x: Tensor) => ({ inputs: [x], attrs: {} }),
  shape: ([x]) => {
    assertFloat('gelu', [x])
    return { shape: x.shape, dtype: x.dtype }
  },
  // d x Phi(x) = (Phi(x) + x phi(x)) dx
  grad: (g, { inputs: [x] }) => {
    const cdf = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5)
    const pdf = mul(exp(mul(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI))
    return [mul(g, add(cdf, mul(x, pdf)))]
  },
  onnx: (emit, [x]) => emit.node('Gelu', [x], {}, 'com.microsoft'),
  reference: ([x]) => ({ shape: x.shape, data: x.data.map((v) => 0.5 * v * (1 + erfReference(v * Math.SQRT1_2))) }),
  sample: (r) => [r.tensor(r.shape(2), { low: -5, high: 5 })],
})

/** The tanh approximation of GELU: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). */
export const geluTanh: Op<object, [x: Tensor]> = op({
  name: 'geluTanh',
  args: (x: Tensor) => ({ inputs: [x], attrs: {} }),
  shape: ([x]) => {
    assertFloat('geluTanh', [x])
    return { shape: x.shape, dtype: x.dtype }
  },
  // t = tanh(u), u' = sqrt(2/pi) (1 + 3 0.044715 x^2):  dx = 0.5 (1 + t + x (1 - t^2) u')
  grad: (g, { inputs: [x] }) => {
    const cubic = mul(mul(x, x), CUBIC)
    const t = tanh(mul(mul(x, add(cubic, 1)), ROOT_2_OVER_PI))
    const du = mul(add(mul(cubic, 3), 1), ROOT_2_OVER_PI)
    return [mul(mul(g, 0.5), add(add(t, 1), mul(mul(x, sub(1, mul(t, t))), du)))]
  },
  onnx: (emit, [x]) => emit.node('Gelu', [x], { approximate: 'tanh' }),
  reference: ([x]) => ({
    shape: x.shape,
    data: x.data.map((v) => 0.5 * v * (1 + Math.tanh(ROOT_2_OVER_PI * (v + CUBIC * v ** 3)))),
  }),
  sample: (r) => [r.tensor(r.shape(2), { low: -5, high: 5 })],
})
const ROOT_2_OVER_PI = Math.sqrt(2 / Math.PI)
const CUBIC = 0.044715

/** x * sigmoid(alpha x): SiLU for alpha 1, the quick GELU of CLIP for alpha 1.702. */
export const silu: Op<{ alpha: number }, [x: Tensor, alpha?: number]> = op({
  name: 'silu',
  args: (x: Tensor, alpha = 1) => ({ inputs: [x], attrs: { alpha } }),
  shape: ([x]) => {
    assertFloat('silu', [x])
    return { shape: x.shape, dtype: x.dtype }
  },
  // d x s(ax) = s (1 + a x (1 - s)) dx
  grad: (g, { inputs: [x], attrs: { alpha } }) => {
    const s = sigmoid(mul(x, alpha))
    return [mul(g, mul(s, add(mul(mul(x, alpha), sub(1, s)), 1)))]
  },
  onnx: (emit, [x], { alpha }) => emit.node('QuickGelu', [x], { alpha: { float: alpha } }, 'com.microsoft'),
  reference: ([x], { alpha }) => ({ shape: x.shape, data: x.data.map((v) => v / (1 + Math.exp(-alpha * v))) }),
  sample: (r) => [r.tensor(r.shape(2), { low: -5, high: 5 }), r.pick([1, 1.702])],
})

/** Limits values to [low, high]; the gradient passes inside. */
export const clip = (x: Tensor, low: number, high: number): Tensor => minimum(maximum(x, low), high)

/** Element-wise choice that keeps gradients out of the branch not taken. */
export const select = (condition: Tensor, a: TensorLike, b: TensorLike): Tensor => {
  const like = typeof a !== 'number' ? a.dtype : typeof b !== 'number' ? b.dtype : 'f32'
  return where(condition, lift(a, like), lift(b, like))
}

export const square = (x: Tensor): Tensor => mul(x, x)
