import type { Dim, DType, OnnxAttribute, Shape } from '../../tensor/index.ts'
import { ProtobufWriter } from './protobuf.ts'

/** An ONNX graph as plain data; `encodeModel` turns it into the bytes of a .onnx file (field numbers of onnx.proto). */
export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[]
  readonly initializers: readonly OnnxInitializer[]
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
}
export interface OnnxNode {
  readonly type: string
  readonly name: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, OnnxAttribute | Subgraph>>
  readonly domain: string
}
/** The side of a branch: nodes that may read any value around them, and the one that comes out, a float. */
export interface Subgraph {
  readonly nodes: readonly OnnxNode[]
  readonly output: string
}
export interface OnnxValue {
  readonly name: string
  readonly dtype: DType
  readonly shape: Shape
}
/** Bytes in the model itself, or a range of an external file that the session is given by name. */
export interface OnnxInitializer {
  readonly name: string
  /** f64 serves the arithmetic on sizes only; no program has it. */
  readonly dtype: DType | 'f64'
  readonly shape: readonly number[]
  readonly content: Uint8Array | { readonly file: string; readonly offset: number; readonly length: number }
}

export const elementTypes: Record<DType | 'f64', number> = {
  f32: 1,
  u8: 2,
  i8: 3,
  i32: 6,
  i64: 7,
  bool: 9,
  f16: 10,
  f64: 11,
  bf16: 16,
}

const opsets = [
  ['', 21],
  ['com.microsoft', 1],
] as const
const attributeType = { float: 1, int: 2, string: 3, graph: 5, ints: 7 }

export function encodeModel(graph: OnnxGraph): Uint8Array {
  const model = new ProtobufWriter()
  model.int(1, 10).text(2, 'fovea')
  model.message(7, (g) => writeGraph(g, graph))
  for (const [domain, version] of opsets) model.message(8, (o) => o.text(1, domain).int(2, version))
  return model.finish()
}

function writeGraph(g: ProtobufWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) g.message(1, (n) => writeNode(n, node))
  g.text(2, 'program')
  for (const initializer of graph.initializers) g.message(5, (t) => writeInitializer(t, initializer))
  for (const value of graph.inputs) g.message(11, (v) => writeValue(v, value))
  for (const value of graph.outputs) g.message(12, (v) => writeValue(v, value))
}

function writeNode(n: ProtobufWriter, node: OnnxNode): void {
  for (const name of node.inputs) n.text(1, name)
  for (const name of node.outputs) n.text(2, name)
  n.text(3, node.name).text(4, node.type)
  for (const [name, value] of Object.entries(node.attributes)) n.message(5, (a) => writeAttribute(a, name, value))
  if (node.domain) n.text(7, node.domain)
}

function writeSubgraph(g: ProtobufWriter, { nodes, output }: Subgraph): void {
  for (const node of nodes) g.message(1, (n) => writeNode(n, node))
  g.text(2, 'branch')
  g.message(12, (v) => v.text(1, output).message(2, (type) => type.message(1, (t) => t.int(1, elementTypes.f32))))
}

function writeAttribute(a: ProtobufWriter, name: string, value: OnnxAttribute | Subgraph): void {
  a.text(1, name)
  if (typeof value === 'number') a.int(3, value).int(20, attributeType.int)
  else if (typeof value === 'string') a.text(4, value).int(20, attributeType.string)
  else if ('nodes' in value) a.message(6, (g) => writeSubgraph(g, value)).int(20, attributeType.graph)
  else if ('float' in value) a.float(2, value.float).int(20, attributeType.float)
  else {
    for (const item of value) a.int(8, item)
    a.int(20, attributeType.ints)
  }
}

function writeInitializer(t: ProtobufWriter, { name, dtype, shape, content }: OnnxInitializer): void {
  for (const dim of shape) t.int(1, dim)
  t.int(2, elementTypes[dtype]).text(8, name)
  if (content instanceof Uint8Array) {
    t.bytes(9, content)
    return
  }
  const entries = { location: content.file, offset: String(content.offset), length: String(content.length) }
  for (const [key, value] of Object.entries(entries)) t.message(13, (e) => e.text(1, key).text(2, value))
  t.int(14, 1)
}

function writeValue(v: ProtobufWriter, { name, dtype, shape }: OnnxValue): void {
  v.text(1, name).message(2, (type) =>
    type.message(1, (tensor) =>
      tensor.int(1, elementTypes[dtype]).message(2, (s) => {
        for (const dim of shape) s.message(1, (d) => writeDim(d, dim))
      }),
    ),
  )
}

const writeDim = (d: ProtobufWriter, dim: Dim): ProtobufWriter =>
  typeof dim === 'number' ? d.int(1, dim) : d.text(2, dim)
