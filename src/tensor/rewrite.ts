import { topologicalOrder } from './order.ts'
import type { Tensor } from './tensor.ts'

/**
 * The same program with some of its nodes exchanged. `replace` sees every node with its inputs as they have become, and
 * returns what stands in its place, of the same shape and dtype, or undefined to keep it. No node is changed.
 */
export function rewrite<Outputs extends Readonly<Record<string, Tensor>>>(
  outputs: Outputs,
  replace: (node: Tensor, inputs: readonly Tensor[]) => Tensor | undefined,
): Outputs {
  const known = new Map<Tensor, Tensor>()
  for (const node of topologicalOrder(Object.values(outputs))) {
    const inputs = node.inputs.map((input) => known.get(input)!)
    const isSame = inputs.every((input, at) => input === node.inputs[at])
    known.set(node, replace(node, inputs) ?? (isSame ? node : { ...node, inputs }))
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, node]) => [name, known.get(node)!])) as Outputs
}
