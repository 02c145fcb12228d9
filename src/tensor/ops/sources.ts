import { type Dim, isDim, type Shape } from '../dims.ts'
import { ndarray, sizeOf } from '../ndarray.ts'
import { type DType, type Op, op, ShapeError, type Tensor, type TensorLike } from '../tensor.ts'

export interface Leaf {
  readonly name: string
  readonly shape: Shape
  readonly dtype: DType
}

const leafRules = {
  shape: (_: readonly Tensor[], { shape, dtype }: Leaf) => ({ shape, dtype }),
  onnx: (emit: { leaf(node: Tensor): string }, _: readonly string[], __: Leaf, node: Tensor) => emit.leaf(node),
  reference: (): never => {
    throw new Error('a leaf has no reference rule: its value is fed')
  },
  flops: () => 0,
}
const leafArgs = (name: string, shape: Shape, dtype: DType = 'f32') => {
  const odd = shape.find((dim) => !isDim(dim))
  if (odd !== undefined)
    throw new ShapeError(name, `${odd} is no dim; use a count, a name, or addDim and its kin`, [{ shape, dtype }])
  return { inputs: [], attrs: { name, shape, dtype } }
}

/** A value given at every run, e.g. `input('ids', [1, 'seq'], 'i64')`. */
export const input: Op<Leaf, [name: string, shape: Shape, dtype?: DType]> = op({
  name: 'input',
  args: leafArgs,
  ...leafRules,
})

/** A weight: an initializer when frozen, a graph input when trained. */
export const parameter: Op<Leaf, [name: string, shape: Shape, dtype?: DType]> = op({
  name: 'parameter',
  args: leafArgs,
  ...leafRules,
})

/** A literal value, stored in the program. */
export const constant: Op<
  { values: ArrayLike<number>; shape: readonly number[]; dtype: DType },
  [values: ArrayLike<number>, shape: readonly number[], dtype?: DType]
> = op({
  name: 'constant',
  args: (values: ArrayLike<number>, shape: readonly number[], dtype: DType = 'f32') => ({
    inputs: [],
    attrs: { values, shape, dtype },
  }),
  shape: (_, { values, shape, dtype }) => {
    if (values.length !== sizeOf(shape))
      throw new ShapeError('constant', `got ${values.length} values`, [{ shape, dtype }])
    return { shape, dtype }
  },
  onnx: (emit, _, { values, shape, dtype }) => emit.constant(dtype, shape, values),
  reference: (_, { values, shape }) => ndarray(shape, values),
  flops: () => 0,
})

/** A size as a value: int64 [1], computed at run time where the dim is named. */
export const dimValue: Op<{ dim: Dim }, [dim: Dim]> = op({
  name: 'dimValue',
  args: (dim: string | number) => ({ inputs: [], attrs: { dim } }),
  shape: () => ({ shape: [1], dtype: 'i64' }),
  onnx: (emit, _, { dim }) => emit.dim(dim),
  reference: (_, { dim }, __, ___, size) => ndarray([1], [size(dim)]),
  flops: () => 0,
})

/** Numbers become scalars of the dtype of `like`. */
export const lift = (x: TensorLike, like: DType = 'f32'): Tensor =>
  typeof x === 'number' ? constant([x], [], like) : x

/** Both operands as tensors of one dtype. */
export function liftPair(a: TensorLike, b: TensorLike): [Tensor, Tensor] {
  const dtype = typeof a !== 'number' ? a.dtype : typeof b !== 'number' ? b.dtype : 'f32'
  return [lift(a, dtype), lift(b, dtype)]
}
