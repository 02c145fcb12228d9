import { type Dim, formatShape, type Shape } from './dims.ts'
import { type DType, isFloat } from './dtype.ts'
import type { Emitter } from './emitter.ts'
import type { NdArray } from './ndarray.ts'

export { type DType, isFloat } from './dtype.ts'

/** A node of the traced program: what computes it, from what, and the shape and dtype that come out. */
export interface Tensor {
  readonly id: number
  readonly op: OpDefinition
  readonly inputs: readonly Tensor[]
  readonly attrs: unknown
  readonly shape: Shape
  readonly dtype: DType
}

/** Anything an arithmetic op accepts; numbers become scalars of the other operand's dtype. */
export type TensorLike = Tensor | number

export interface Signature {
  readonly shape: Shape
  readonly dtype: DType
}

/** What a gradient rule sees: the traced node itself and its parts. */
export interface GradContext<A> {
  readonly inputs: readonly Tensor[]
  readonly attrs: A
  readonly out: Tensor
}

// biome-ignore lint/suspicious/noExplicitAny: attributes differ per op; each op file is typed through `op`
export interface OpDefinition<A = any, Args extends unknown[] = any> {
  readonly name: string
  /** The user's arguments -> input tensors and static attributes. */
  readonly args: (...args: Args) => { inputs: readonly Tensor[]; attrs: A }
  /** Shape and dtype of the result; throws a ShapeError on operands that do not fit. */
  readonly shape: (inputs: readonly Tensor[], attrs: NoInfer<A>) => Signature
  /** Vector-Jacobian product: gradient of the output -> gradient of each input (null where there is none). */
  readonly grad?: (g: Tensor, context: GradContext<A>) => readonly (Tensor | null)[]
  /** Writes the ONNX nodes and returns the name of the result. */
  readonly onnx: (emit: Emitter, inputs: readonly string[], attrs: A, node: Tensor) => string
  /** The same in plain JavaScript, in double precision; `size` is the number that a dim stands for. */
  readonly reference: (
    inputs: readonly NdArray[],
    attrs: A,
    node: Tensor,
    shape: readonly number[],
    size: (dim: Dim) => number,
  ) => NdArray
  /** The result has a named dim whose size only the data tells (`emit.bindDim` says where to read it). */
  readonly definesDim?: boolean
  /** Floating-point operations; element-wise cost (one per output element) when absent. */
  readonly flops?: (node: Tensor) => Dim
  /** Random arguments for the sweep over all ops. */
  readonly sample?: (random: Sampler) => NoInfer<Args>
}

/** What an op's `sample` draws from. */
export interface Sampler {
  /** A fresh input of a fixed shape, values in [low, high] (default -1..1), integers for integer dtypes. */
  tensor(shape: readonly number[], options?: { low?: number; high?: number; dtype?: DType; distinct?: boolean }): Tensor
  /** A whole number in [low, high]. */
  int(low: number, high: number): number
  /** A random shape of the given rank, dims 1 to 5. */
  shape(rank: number): number[]
  pick<T>(choices: readonly T[]): T
}

export type Op<A, Args extends unknown[]> = ((...args: Args) => Tensor) & OpDefinition<A, Args>

let counter = 0

/** Records one node. */
export function trace<A>(definition: OpDefinition<A>, inputs: readonly Tensor[], attrs: A): Tensor {
  return { id: counter++, op: definition, inputs, attrs, ...definition.shape(inputs, attrs) }
}

/** Defines an op: the result is the function that traces it, carrying its own rules. */
export function op<A, Args extends unknown[]>(definition: OpDefinition<A, Args>): Op<A, Args> {
  const call = (...args: Args): Tensor => {
    const { inputs, attrs } = definition.args(...args)
    return trace(definition as OpDefinition, inputs, attrs)
  }
  const { name, ...rules } = definition
  Object.defineProperty(call, 'name', { value: name })
  return Object.assign(call, rules) as Op<A, Args>
}

/** A program that cannot be traced: names the op, the shapes and what would fit. */
export class ShapeError extends Error {
  constructor(opName: string, problem: string, operands: readonly Signature[]) {
    const shapes = operands.map((t) => `${t.dtype}${formatShape(t.shape)}`).join(', ')
    super(`${opName}(${shapes}): ${problem}`)
    this.name = 'ShapeError'
  }
}

/** Axis counted from the end when negative; throws outside [-rank, rank). */
export function wrapAxis(opName: string, x: Signature, axis: number): number {
  const wrapped = axis < 0 ? axis + x.shape.length : axis
  if (!Number.isInteger(axis) || wrapped < 0 || wrapped >= x.shape.length)
    throw new ShapeError(opName, `axis ${axis} is outside a rank-${x.shape.length} tensor`, [x])
  return wrapped
}

/** Throws unless all operands are floats. */
export function assertFloat(opName: string, operands: readonly Signature[]): void {
  if (operands.some((t) => !isFloat(t.dtype))) throw new ShapeError(opName, 'needs floats; cast first', operands)
}

/** Throws on bools, which have no arithmetic. */
export function assertNumeric(opName: string, operands: readonly Signature[]): void {
  if (operands.some((t) => t.dtype === 'bool'))
    throw new ShapeError(opName, 'bools have no arithmetic; cast first', operands)
}

/** A dim that must be a plain number. */
export function fixedDim(opName: string, x: Signature, axis: number): number {
  const dim = x.shape.at(axis)
  if (typeof dim !== 'number') throw new ShapeError(opName, `axis ${axis} must have a fixed size, it is ${dim}`, [x])
  return dim
}
