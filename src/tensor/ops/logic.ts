import { broadcastShapes } from '../dims.ts'
import { broadcastReader, fill } from '../ndarray.ts'
import { type DType, isFloat, type Op, op, ShapeError, type Tensor, type TensorLike } from '../tensor.ts'
import { unbroadcast } from './broadcast.ts'
import { constant, liftPair } from './sources.ts'

interface Domain {
  /** Whether operands may meet, once their shapes broadcast. */
  readonly accepts: (a: Tensor, b: Tensor) => boolean
  readonly problem: string
  readonly sample: { readonly low: number; readonly high: number; readonly dtype: DType }
}

/** An element-wise question about two operands that broadcast; the answer is a bool. */
function predicate<Operand extends TensorLike>(
  domain: Domain,
  name: string,
  onnxType: string,
  f: (a: number, b: number) => boolean,
): Op<object, [a: Operand, b: Operand]> {
  return op({
    name,
    args: (a: Operand, b: Operand) => ({ inputs: liftPair(a, b), attrs: {} }),
    shape: ([a, b]) => {
      const shape = broadcastShapes(a.shape, b.shape)
      if (!shape || !domain.accepts(a, b)) throw new ShapeError(name, domain.problem, [a, b])
      return { shape, dtype: 'bool' }
    },
    onnx: (emit, [a, b]) => emit.node(onnxType, [a, b]),
    reference: ([a, b], _, __, shape) => {
      const [x, y] = [broadcastReader(a), broadcastReader(b)]
      return fill(shape, (index) => Number(f(x(index), y(index))))
    },
    sample: (r) => [r.tensor([2, 3], domain.sample) as Operand, r.tensor([3], domain.sample) as Operand],
  })
}

const ordered: Domain = {
  accepts: (a, b) => a.dtype === b.dtype,
  problem: 'shapes or dtypes do not match',
  sample: { low: 0, high: 3, dtype: 'i64' },
}
const comparison = (name: string, onnxType: string, f: (a: number, b: number) => boolean) =>
  predicate<TensorLike>(ordered, name, onnxType, f)

export const equal = comparison('equal', 'Equal', (a, b) => a === b)
export const less = comparison('less', 'Less', (a, b) => a < b)
export const lessEqual = comparison('lessEqual', 'LessOrEqual', (a, b) => a <= b)
export const greater = comparison('greater', 'Greater', (a, b) => a > b)
export const greaterEqual = comparison('greaterEqual', 'GreaterOrEqual', (a, b) => a >= b)

const truth: Domain = {
  accepts: (a, b) => a.dtype === 'bool' && b.dtype === 'bool',
  problem: 'needs two bool tensors that broadcast',
  sample: { low: 0, high: 1, dtype: 'bool' },
}
const logical = (name: string, onnxType: string, f: (a: number, b: number) => boolean) =>
  predicate<Tensor>(truth, name, onnxType, f)

export const and = logical('and', 'And', (a, b) => a !== 0 && b !== 0)
export const or = logical('or', 'Or', (a, b) => a !== 0 || b !== 0)

export const not: Op<object, [x: Tensor]> = op({
  name: 'not',
  args: (x: Tensor) => ({ inputs: [x], attrs: {} }),
  shape: ([x]) => {
    if (x.dtype !== 'bool') throw new ShapeError('not', 'needs a bool tensor', [x])
    return { shape: x.shape, dtype: 'bool' }
  },
  onnx: (emit, [x]) => emit.node('Not', [x]),
  reference: ([x]) => ({ shape: x.shape, data: x.data.map((v) => Number(v === 0)) }),
  sample: (r) => [r.tensor([2, 3], { low: 0, high: 1, dtype: 'bool' })],
})

/** Values in another dtype; floats truncate toward zero when they become integers. */
export const cast: Op<{ dtype: DType }, [x: Tensor, dtype: DType]> = op({
  name: 'cast',
  args: (x: Tensor, dtype: DType) => ({ inputs: [x], attrs: { dtype } }),
  shape: ([x], { dtype }) => ({ shape: x.shape, dtype }),
  grad: (g, { inputs: [x], attrs }) => [isFloat(x.dtype) && isFloat(attrs.dtype) ? cast(g, x.dtype) : null],
  onnx: (emit, [x], { dtype }, { inputs }) =>
    inputs[0].dtype === dtype ? x : emit.node('Cast', [x], { to: emit.elementType(dtype) }),
  reference: ([x], { dtype }) => ({
    shape: x.shape,
    data: isFloat(dtype) ? x.data : x.data.map(dtype === 'bool' ? (v) => Number(v !== 0) : Math.trunc),
  }),
  flops: () => 0,
  sample: (r) => [r.tensor([2, 3], { low: 0, high: 3, dtype: 'i64' }), r.pick(['f32', 'i32', 'bool'])],
})

/** a where the condition holds, b elsewhere; all three broadcast. */
export const where: Op<object, [condition: Tensor, a: Tensor, b: Tensor]> = op({
  name: 'where',
  args: (condition: Tensor, a: Tensor, b: Tensor) => ({ inputs: [condition, a, b], attrs: {} }),
  shape: ([condition, a, b]) => {
    const inner = broadcastShapes(a.shape, b.shape)
    const shape = inner && broadcastShapes(condition.shape, inner)
    if (!shape || condition.dtype !== 'bool' || a.dtype !== b.dtype)
      throw new ShapeError('where', 'needs a bool condition and two branches of one dtype that broadcast', [
        condition,
        a,
        b,
      ])
    return { shape, dtype: a.dtype }
  },
  // y = c ? a : b  =>  da = c ? dy : 0, db = c ? 0 : dy
  grad: (g, { inputs: [condition, a, b] }) => {
    const zero = constant([0], [], g.dtype)
    return [null, unbroadcast(where(condition, g, zero), a.shape), unbroadcast(where(condition, zero, g), b.shape)]
  },
  onnx: (emit, [condition, a, b], _, { dtype }) => {
    if (dtype !== 'bool' && dtype !== 'i8') return emit.node('Where', [condition, a, b])
    // ONNX Runtime's CPU has no Where for these two.
    const [x, y] = [a, b].map((v) => emit.node('Cast', [v], { to: emit.elementType('i32') }))
    return emit.node('Cast', [emit.node('Where', [condition, x, y])], { to: emit.elementType(dtype) })
  },
  reference: ([condition, a, b], _, __, shape) => {
    const [c, x, y] = [condition, a, b].map(broadcastReader)
    return fill(shape, (index) => (c(index) ? x(index) : y(index)))
  },
  sample: (r) => [r.tensor([2, 3], { low: 0, high: 1, dtype: 'bool' }), r.tensor([2, 3]), r.tensor([3])],
})

/** The value without its gradient. */
export const stopGradient: Op<object, [x: Tensor]> = op({
  name: 'stopGradient',
  args: (x: Tensor) => ({ inputs: [x], attrs: {} }),
  shape: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  onnx: (_, [x]) => x,
  reference: ([x]) => x,
  flops: () => 0,
  sample: (r) => [r.tensor([2, 3])],
})
