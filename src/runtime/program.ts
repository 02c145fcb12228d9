import { evaluateDim, type Tensor, topologicalOrder } from '../tensor/index.ts'
import type { Backend, Resident, RunOptions, RunResult, Session, SessionOptions } from './backend.ts'
import { lower } from './lower.ts'
import { encodeModel, type OnnxValue } from './onnx/model.ts'
import type { Value } from './values.ts'
import type { WeightSource } from './weights.ts'

export interface CompileOptions extends SessionOptions {
  /** Frozen weights by name; parameters it does not know become inputs. */
  readonly weights?: (name: string) => WeightSource | undefined
}

/** Work of one run, counted on the traced graph under the sizes that really occurred. */
export interface Cost {
  readonly flops: number
  /** Bytes read and written by all nodes, intermediate results included. */
  readonly bytes: number
}

/** A traced program, compiled for a backend. */
export interface Program {
  readonly inputs: readonly OnnxValue[]
  readonly nodeCount: number
  readonly session: Session
  run(feeds: Readonly<Record<string, Value | Resident>>, options?: Partial<RunOptions>): Promise<RunResult>
  /** Counts FLOPs and bytes with the named dims bound to sizes. */
  cost(sizes: Readonly<Record<string, number>>): Cost
  dispose(): Promise<void>
}

/** Traced outputs -> a session that computes them. */
export async function compile(
  backend: Backend,
  outputs: Readonly<Record<string, Tensor>>,
  { weights = () => undefined, ...options }: CompileOptions = {},
): Promise<Program> {
  const graph = lower(outputs, weights)
  const session = await backend.load(encodeModel(graph), options)
  const known = new Set(graph.inputs.map((value) => value.name))
  return {
    inputs: graph.inputs,
    nodeCount: graph.nodes.length,
    session,
    run: (feeds, { fetch = Object.keys(outputs), ...rest } = {}) => {
      assertFeeds(graph.inputs, known, feeds)
      return session.run(feeds, { fetch, ...rest })
    },
    cost: (sizes) => countCost(Object.values(outputs), sizes),
    dispose: () => session.release(),
  }
}

function assertFeeds(
  inputs: readonly OnnxValue[],
  known: ReadonlySet<string>,
  feeds: Readonly<Record<string, Value | Resident>>,
): void {
  const unknown = Object.keys(feeds).filter((name) => !known.has(name))
  if (unknown.length) throw new Error(`the program has no input ${unknown.join(', ')}; it has ${[...known].join(', ')}`)
  for (const { name, shape, dtype } of inputs) {
    const feed = feeds[name]
    if (!feed) throw new Error(`input "${name}" is missing`)
    if ('resident' in feed) continue
    const fits =
      feed.dims.length === shape.length &&
      shape.every((dim, axis) => typeof dim === 'string' || dim === feed.dims[axis])
    if (!fits || feed.dtype !== dtype)
      throw new Error(
        `input "${name}" must be ${dtype} [${shape.join(', ')}], got ${feed.dtype} [${feed.dims.join(', ')}]`,
      )
  }
}

const bytesPerElement = { f32: 4, f16: 2, bf16: 2, i64: 8, i32: 4, i8: 1, u8: 1, bool: 1 }

/** FLOPs and bytes of a traced program. */
export function countCost(outputs: readonly Tensor[], sizes: Readonly<Record<string, number>>): Cost {
  const bindings = new Map(Object.entries(sizes))
  const elements = (node: Tensor) => node.shape.reduce<number>((total, dim) => total * evaluateDim(dim, bindings), 1)
  let [flops, bytes] = [0, 0]
  for (const node of topologicalOrder(outputs)) {
    flops += node.op.flops ? evaluateDim(node.op.flops(node), bindings) : elements(node)
    if (node.inputs.length) for (const t of [node, ...node.inputs]) bytes += elements(t) * bytesPerElement[t.dtype]
  }
  return { flops, bytes }
}
