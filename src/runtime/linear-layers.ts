import { type Leaf, type Tensor, topologicalOrder } from '../tensor/index.ts'

/** A matrix product with a frozen weight, x W^T with W [n, k], as `linear` traces it. */
export interface LinearLayer {
  /** Name of W. */
  readonly weight: string
  readonly input: Tensor
  readonly k: number
  readonly n: number
}

/** The layer that a node is, if it is one; `inputs` stand for the node's own where those were exchanged. */
export function linearLayerOf(node: Tensor, inputs = node.inputs): LinearLayer | undefined {
  if (node.op.name !== 'matmul' || node.inputs[1].op.name !== 'transpose') return undefined
  const [weight] = node.inputs[1].inputs
  if (weight.op.name !== 'parameter' || weight.shape.length !== 2) return undefined
  const [n, k] = weight.shape.map(Number)
  return { weight: (weight.attrs as Leaf).name, input: inputs[0], k, n }
}

/** The layers of a program, those that share an input together: queries, keys and values, or gate and up. */
export function linearGroups(outputs: Iterable<Tensor>): LinearLayer[][] {
  const groups = new Map<Tensor, LinearLayer[]>()
  for (const node of topologicalOrder([...outputs])) {
    const layer = linearLayerOf(node)
    if (layer) groups.set(layer.input, [...(groups.get(layer.input) ?? []), layer])
  }
  return [...groups.values()]
}

/** The input of a layer is a norm, whose own scale can take over a scale of the layer's input channels. */
export const followsNorm = ({ input }: LinearLayer): boolean =>
  input.op.name === 'rmsNorm' || input.op.name === 'layerNorm'
