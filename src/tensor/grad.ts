import { add } from './ops/arithmetic.ts'
import { constant } from './ops/sources.ts'
import { topologicalOrder } from './order.ts'
import { isFloat, ShapeError, type Tensor } from './tensor.ts'

/**
 * Reverse-mode differentiation: the gradients of a scalar with respect to `leaves`, as more nodes of the same program.
 * A leaf the loss does not reach gets zeros.
 */
export function grad(loss: Tensor, leaves: readonly Tensor[]): Tensor[] {
  if (loss.shape.length !== 0) throw new ShapeError('grad', 'the loss must be a scalar', [loss])
  const order = topologicalOrder([loss])
  const wanted = new Set<Tensor>(leaves)
  for (const node of order) if (node.op.grad && node.inputs.some((x) => wanted.has(x))) wanted.add(node)

  const gradients = new Map<Tensor, Tensor>([[loss, constant([1], [], loss.dtype)]])
  for (const node of order.reverse()) {
    const g = gradients.get(node)
    if (!g || !node.op.grad || !wanted.has(node)) continue
    const parts = node.op.grad(g, { inputs: node.inputs, attrs: node.attrs, out: node })
    node.inputs.forEach((x, at) => {
      const part = parts[at]
      if (!part || !wanted.has(x) || !isFloat(x.dtype)) return
      const sofar = gradients.get(x)
      gradients.set(x, sofar ? add(sofar, part) : part)
    })
  }
  return leaves.map((leaf) => gradients.get(leaf) ?? zerosLike(leaf))
}

const zerosLike = (x: Tensor): Tensor => {
  const shape = x.shape.map((dim) => {
    if (typeof dim === 'string')
      throw new ShapeError('grad', 'the loss does not depend on this leaf of named size', [x])
    return dim
  })
  return constant(new Float64Array(shape.reduce((a, b) => a * b, 1)), shape, x.dtype)
}
