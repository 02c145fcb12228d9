import type { Tensor } from './tensor.ts'

/** The nodes that `outputs` depend on, inputs before users. */
export function topologicalOrder(outputs: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = []
  const seen = new Set<Tensor>()
  const stack: { node: Tensor; next: number }[] = outputs.map((node) => ({ node, next: 0 }))
  while (stack.length) {
    const top = stack[stack.length - 1]
    const done = seen.has(top.node)
    if (done || top.next === top.node.inputs.length) {
      stack.pop()
      if (!done) order.push(top.node)
      seen.add(top.node)
    } else {
      const child = top.node.inputs[top.next++]
      if (!seen.has(child)) stack.push({ node: child, next: 0 })
    }
  }
  return order
}

/** Topological order in which sizes that only the data tells are known before any shape that uses them. */
export function executionOrder(outputs: readonly Tensor[]): Tensor[] {
  const order = topologicalOrder(outputs)
  const definers = order.filter((node) => node.op.definesDim).sort((a, b) => a.id - b.id)
  if (definers.length === 0) return order
  const first = new Set<Tensor>()
  for (const definer of definers) for (const node of topologicalOrder([definer])) first.add(node)
  return [...first, ...order.filter((node) => !first.has(node))]
}
