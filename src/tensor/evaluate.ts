import { type Dim, evaluateDim } from './dims.ts'
import type { NdArray } from './ndarray.ts'
import { executionOrder } from './order.ts'
import type { Tensor } from './tensor.ts'

/**
 * Runs a program with the ops' reference rules: slow, double precision, the judge of the others. Named dims get their
 * sizes from the leaves, and from the results of ops whose size depends on the data.
 */
export function evaluate(outputs: readonly Tensor[], leaves: ReadonlyMap<Tensor, NdArray>): NdArray[] {
  const values = new Map<Tensor, NdArray>(leaves)
  const sizes = new Map<string, number>()
  for (const [leaf, value] of leaves) bindDims(sizes, leaf, value)
  const size = (dim: Dim): number => evaluateDim(dim, sizes)
  for (const node of executionOrder(outputs)) {
    if (values.has(node)) continue
    const inputs = node.inputs.map((x) => values.get(x)!)
    const shape = node.op.definesDim ? [] : node.shape.map(size)
    const value = node.op.reference(inputs, node.attrs, node, shape, size)
    if (node.op.definesDim) bindDims(sizes, node, value)
    values.set(node, value)
  }
  return outputs.map((node) => values.get(node)!)
}

function bindDims(sizes: Map<string, number>, node: Tensor, value: NdArray): void {
  node.shape.forEach((dim, axis) => {
    if (typeof dim === 'string' && !sizes.has(dim)) sizes.set(dim, value.shape[axis])
  })
}
