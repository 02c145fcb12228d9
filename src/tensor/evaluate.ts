import { evaluateDim } from './dims.ts'
import { topologicalOrder } from './grad.ts'
import type { NdArray } from './ndarray.ts'
import type { Tensor } from './tensor.ts'

/** Runs a program of fixed shapes with the ops' reference rules: slow, double precision, the judge of the others. */
export function evaluate(outputs: readonly Tensor[], leaves: ReadonlyMap<Tensor, NdArray>): NdArray[] {
  const values = new Map<Tensor, NdArray>(leaves)
  for (const node of topologicalOrder(outputs)) {
    if (values.has(node)) continue
    const shape = node.shape.map((dim) => evaluateDim(dim, new Map()))
    const inputs = node.inputs.map((x) => values.get(x)!)
    values.set(node, node.op.reference(inputs, node.attrs, node, shape))
  }
  return outputs.map((node) => values.get(node)!)
}
