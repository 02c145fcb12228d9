import {
  type Dim,
  type DimFunction,
  type DType,
  dimFunctionOf,
  type Emitter,
  executionOrder,
  isFloat,
  type Leaf,
  type LeafNode,
  type OnnxAttribute,
  type Shape,
  type Tensor,
  termsOf,
} from '../tensor/index.ts'
import {
  elementTypes,
  type OnnxGraph,
  type OnnxInitializer,
  type OnnxNode,
  type OnnxValue,
  type Subgraph,
} from './onnx/model.ts'
import { bytesOf, typedArray } from './values.ts'
import type { WeightSource } from './weights.ts'

export interface ProgramGraph extends OnnxGraph {
  /** Named dims whose size only the data tells; `sizeOutput` names the output that has it. */
  readonly dataDims: readonly string[]
}

/** The ONNX graph of a program. Parameters that `weights` knows become initializers, the others become inputs. */
export function lower(
  outputs: Readonly<Record<string, Tensor>>,
  weights: (name: string) => WeightSource | undefined,
): ProgramGraph {
  const order = executionOrder(Object.values(outputs))
  const emitter = new GraphEmitter(order, weights)
  const names = new Map<Tensor, string>()
  for (const node of order) {
    const inputs = node.inputs.map((x) => names.get(x)!)
    names.set(node, node.op.onnx(emitter, inputs, node.attrs, node))
  }
  const values = Object.entries(outputs).map(([name, node]): OnnxValue => {
    emitter.rename(names.get(node)!, name)
    return { name, dtype: node.dtype, shape: node.shape }
  })
  for (const [dim, size] of emitter.dataDims) {
    emitter.rename(size, sizeOutput(dim))
    values.push({ name: sizeOutput(dim), dtype: 'i64', shape: [1] })
  }
  return {
    nodes: emitter.graphNodes,
    initializers: emitter.initializers,
    inputs: emitter.inputs,
    outputs: values,
    dataDims: [...emitter.dataDims.keys()],
  }
}

/** The output that tells the size of a data-dependent dim. */
export const sizeOutput = (dim: string): string => `size of ${dim}`

const isLeaf = (node: Tensor): boolean => node.op.name === 'input' || node.op.name === 'parameter'

class GraphEmitter implements Emitter {
  graphNodes: OnnxNode[] = []
  private nodeCount = 0
  readonly initializers: OnnxInitializer[] = []
  readonly inputs: OnnxValue[] = []
  /** Constants and shapes that were emitted before, by content. */
  private constants = new Map<string, string>()
  private dimNames = new Map<Dim, string>()
  /** Where the size of a named dim can be read: the first input that has it as one of its axes. */
  private readonly dimSources = new Map<string, { node: Tensor; axis: number }>()
  private readonly leaves = new Set<string>()
  /** Dims whose size the data tells, and where it is computed. */
  readonly dataDims = new Map<string, string>()

  constructor(
    order: readonly Tensor[],
    private readonly weights: (name: string) => WeightSource | undefined,
  ) {
    for (const node of order.filter(isLeaf))
      node.shape.forEach((dim, axis) => {
        if (typeof dim === 'string' && !this.dimSources.has(dim)) this.dimSources.set(dim, { node, axis })
      })
  }

  node(type: string, inputs: readonly string[], attributes = {}, domain = ''): string {
    return this.nodes(type, inputs, [true], attributes, domain)[0]
  }

  nodes(
    type: string,
    inputs: readonly string[],
    wanted: readonly boolean[],
    attributes: Record<string, OnnxAttribute> = {},
    domain = '',
  ): string[] {
    const name = `${type}_${this.nodeCount++}`
    const outputs = wanted.map((used, at) => (used ? (at === 0 ? name : `${name}_${at}`) : ''))
    this.graphNodes.push({ type, name, inputs, outputs, attributes, domain })
    return outputs
  }

  branch(condition: string, whenTrue: () => string, whenFalse: () => string): string {
    const [then_branch, else_branch] = [this.side(whenTrue), this.side(whenFalse)]
    const name = `If_${this.nodeCount++}`
    const attributes = { then_branch, else_branch }
    this.graphNodes.push({ type: 'If', name, inputs: [condition], outputs: [name], attributes, domain: '' })
    return name
  }

  /** What is computed inside stays inside: nobody outside may count on it. */
  private side(emit: () => string): Subgraph {
    const [nodes, constants, dimNames] = [this.graphNodes, this.constants, this.dimNames]
    this.graphNodes = []
    this.constants = new Map(constants)
    this.dimNames = new Map(dimNames)
    const side = { output: emit(), nodes: this.graphNodes }
    this.graphNodes = nodes
    this.constants = constants
    this.dimNames = dimNames
    return side
  }

  constant(dtype: DType, shape: readonly number[], values: ArrayLike<number>): string {
    const content = bytesOf(typedArray(dtype, values))
    const key =
      values.length <= 8
        ? `${dtype}[${shape}]${Array.from(values).map((v) => (Object.is(v, -0) ? '-0' : v))}`
        : undefined
    const known = key && this.constants.get(key)
    if (known) return known
    const name = `constant_${this.initializers.length}`
    this.initializers.push({ name, dtype, shape, content })
    if (key) this.constants.set(key, name)
    return name
  }

  dims(shape: Shape): string {
    if (shape.every((dim) => typeof dim === 'number')) return this.constant('i64', [shape.length], shape)
    const key = `dims[${shape}]`
    const known = this.constants.get(key)
    if (known) return known
    const parts = shape.map((dim) => this.dim(dim))
    const name = this.node('Concat', parts, { axis: 0 })
    this.constants.set(key, name)
    return name
  }

  dim(dim: Dim): string {
    if (typeof dim === 'number') return this.constant('i64', [1], [dim])
    const known = this.dimNames.get(dim)
    if (known) return known
    const name = this.computeDim(dim)
    this.dimNames.set(dim, name)
    return name
  }

  private computeDim(dim: string): string {
    const source = this.dimSources.get(dim)
    if (source) return this.node('Shape', [this.leaf(source.node)], { start: source.axis, end: source.axis + 1 })
    const rounding = dimFunctionOf(dim)
    if (rounding) return this.roundedDim(rounding)
    const terms = termsOf(dim)
    if (terms.length === 1 && terms[0].atoms[0] === dim)
      throw new Error(`no input has the dim "${dim}", so its size is unknown at run time`)
    const parts = terms.map(({ coefficient, atoms }) =>
      [...(coefficient === 1 && atoms.length ? [] : [coefficient]), ...atoms]
        .map((a) => this.dim(a))
        .reduce((a, b) => this.node('Mul', [a, b])),
    )
    return parts.reduce((a, b) => this.node('Add', [a, b]))
  }

  private roundedDim({ fn, scale, of }: DimFunction): string {
    // In double precision, as evaluateDim: in single, ceil(0.1 * 30) would be 4.
    const size = this.node('Cast', [this.dim(of)], { to: elementTypes.f64 })
    const scaled = this.node('Mul', [size, this.double(scale)])
    const whole = this.node('Cast', [this.rounded(fn, scaled)], { to: elementTypes.i64 })
    if (fn === 'positive') return this.node('Max', [whole, this.constant('i64', [1], [0])])
    if (fn !== 'count') return whole
    return this.node('Min', [this.node('Max', [whole, this.constant('i64', [1], [1])]), this.dim(of)])
  }

  private rounded(fn: DimFunction['fn'], scaled: string): string {
    // Math.round takes halves up; ONNX Round takes them to even.
    if (fn === 'round') return this.node('Floor', [this.node('Add', [scaled, this.double(0.5)])])
    return this.node({ ceil: 'Ceil', floor: 'Floor', count: 'Round', positive: 'Floor' }[fn], [scaled])
  }

  private double(value: number): string {
    const name = `double_${value}`
    if (!this.constants.has(name)) {
      this.constants.set(name, name)
      this.initializers.push({ name, dtype: 'f64', shape: [1], content: bytesOf(Float64Array.of(value)) })
    }
    return name
  }

  bindDim(dim: string, value: string, axis: number): void {
    if (this.dimSources.has(dim) || this.dimNames.has(dim))
      throw new Error(`the dim "${dim}" has two sources; rename one`)
    const size = this.node('Shape', [value], { start: axis, end: axis + 1 })
    this.dimNames.set(dim, size)
    this.dataDims.set(dim, size)
  }

  leaf(node: LeafNode): string {
    const { name, shape, dtype } = node.attrs as Leaf
    if (this.leaves.has(name)) return name
    this.leaves.add(name)
    const source = node.op.name === 'parameter' ? this.weights(name) : undefined
    if (source) this.weight(name, node, source)
    else this.inputs.push({ name, dtype, shape })
    return name
  }

  /** A weight in the dtype it is stored in; 16-bit floats are widened by the program. */
  private weight(name: string, node: LeafNode, source: WeightSource): void {
    if (source.dtype === node.dtype || !isFloat(source.dtype) || node.dtype !== 'f32') {
      this.initializers.push(initializerOf(name, node, source))
      return
    }
    const stored = `${name} as ${source.dtype}`
    this.initializers.push({
      ...initializerOf(name, node, { ...source, dtype: node.dtype }),
      name: stored,
      dtype: source.dtype,
    })
    const attributes = { to: elementTypes[node.dtype] }
    this.graphNodes.push({
      type: 'Cast',
      name: `widened_${name}`,
      inputs: [stored],
      outputs: [name],
      attributes,
      domain: '',
    })
  }

  elementType(dtype: DType): number {
    return elementTypes[dtype]
  }

  /** Gives a computed value its public name. */
  rename(from: string, to: string): void {
    this.graphNodes.push({
      type: 'Identity',
      name: `output_${to}`,
      inputs: [from],
      outputs: [to],
      attributes: {},
      domain: '',
    })
  }
}

function initializerOf(name: string, node: LeafNode, source: WeightSource): OnnxInitializer {
  const expected = node.shape.join('x')
  if (source.shape.join('x') !== expected || source.dtype !== node.dtype)
    throw new Error(
      `weight "${name}" is ${source.dtype} ${source.shape.join('x')}, the program needs ${node.dtype} ${expected}`,
    )
  return { name, dtype: source.dtype, shape: source.shape, content: source.content }
}
