import type { Dim, Shape } from './dims.ts'
import type { DType } from './dtype.ts'

export type OnnxAttribute = number | string | readonly number[] | { readonly float: number }

/** As much of a traced leaf as the emitter looks at. */
export interface LeafNode {
  readonly op: { readonly name: string }
  readonly attrs: unknown
  readonly shape: Shape
  readonly dtype: DType
}

/** What an op's ONNX rule writes to; the runtime implements it. Values are referred to by name. */
export interface Emitter {
  /** Adds a node and returns the name of its output; '' stands for an absent optional input. */
  node(type: string, inputs: readonly string[], attributes?: Record<string, OnnxAttribute>, domain?: string): string
  /** Adds a node with several outputs; unwanted ones may be left out by a false. */
  nodes(
    type: string,
    inputs: readonly string[],
    outputs: readonly boolean[],
    attributes?: Record<string, OnnxAttribute>,
    domain?: string,
  ): string[]
  /** One of two values by a bool [1]; only the side that is chosen is computed. */
  branch(condition: string, whenTrue: () => string, whenFalse: () => string): string
  /** A constant tensor. */
  constant(dtype: DType, shape: readonly number[], values: ArrayLike<number>): string
  /** A 1-D int64 tensor of dims, computed at run time where they are named. */
  dims(shape: Shape): string
  /** A scalar-shaped [1] int64 tensor. */
  dim(dim: Dim): string
  /** Says that the size of a new named dim is an axis of a computed value. */
  bindDim(dim: string, value: string, axis: number): void
  /** The leaf's own value: a graph input or an initializer. */
  leaf(node: LeafNode): string
  /** ONNX element type of a dtype. */
  elementType(dtype: DType): number
}
