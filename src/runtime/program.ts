import { evaluateDim, type Tensor, topologicalOrder } from '../tensor/index.ts'
import type { Backend, Caches, Resident, RunOptions, RunResult, Session, SessionOptions } from './backend.ts'
import { lower, type ProgramGraph, sizeOutput } from './lower.ts'
import { encodeModel, type OnnxValue } from './onnx/model.ts'
import type { Value } from './values.ts'
import type { WeightSource } from './weights.ts'

export interface CompileOptions extends SessionOptions {
  /** Frozen weights by name; parameters it does not know become inputs. */
  readonly weights?: (name: string) => WeightSource | undefined
  /** Another form of the traced program that computes the same, such as with quantized weights. */
  readonly rewrite?: Rewriting
  /** Values inside the program that every run computes as well, and who is told of them. */
  readonly watch?: {
    outputs(outputs: Outputs): Outputs
    onValues(values: Readonly<Record<string, Value>>): void
  }
}

/** @param isKept says which weights are to be used as they are */
export type Rewriting = (outputs: Outputs, isKept?: (weight: string) => boolean) => Outputs

type Outputs = Readonly<Record<string, Tensor>>

/** Work of one run, counted on the traced graph under the sizes that really occurred. */
export interface Cost {
  readonly flops: number
  /** Bytes read and written by all nodes, intermediate results included. */
  readonly bytes: number
}

export interface ProgramResult extends RunResult {
  /** What the named dims stood for in this run, those that only the data tells included. */
  readonly sizes: Readonly<Record<string, number>>
}

/** A traced program, compiled for a backend. */
export interface Program {
  readonly inputs: readonly OnnxValue[]
  readonly nodeCount: number
  readonly session: Session
  run(feeds: Readonly<Record<string, Value | Resident>>, options?: Partial<RunOptions>): Promise<ProgramResult>
  /** Counts FLOPs and bytes with the named dims bound to sizes, e.g. the `sizes` of a run. */
  cost(sizes: Readonly<Record<string, number>>): Cost
  dispose(): Promise<void>
}

/** Traced outputs -> a session that computes them. */
export async function compile(
  backend: Backend,
  traced: Outputs,
  { weights = () => undefined, rewrite = (same) => same, watch, files = {}, caches, ...options }: CompileOptions = {},
): Promise<Program> {
  const watched = watch?.outputs(traced) ?? {}
  const outputs = rewrite({ ...traced, ...watched })
  const graph = lower(outputs, weights)
  const further = [...Object.keys(watched), ...graph.dataDims.map(sizeOutput)]
  const known = new Map(graph.inputs.map((input) => [input.name, input]))
  const kept = caches && cachesOf(caches, known)
  const isKept = new Set(kept?.inputs)
  const session = await backend.load(encodeModel(graph), {
    ...options,
    files: usedFiles(graph, files),
    ...(kept && { caches: kept }),
  })
  return {
    inputs: graph.inputs,
    nodeCount: graph.nodes.length,
    session,
    run: async (feeds, { fetch = Object.keys(traced), ...rest } = {}) => {
      const sizes = bindFeeds(known, feeds, rest.cache === undefined ? undefined : isKept)
      const asked = [...fetch, ...further]
      const result = await session.run(feeds, { ...rest, fetch: asked })
      for (const name of Object.keys(watched)) watch?.onValues({ [name]: result.values[name] })
      return collectSizes(graph, known, result, sizes)
    },
    cost: (sizes) => countCost(Object.values(outputs), sizes),
    dispose: () => session.release(),
  }
}

/** Of what could be kept, what the program reads. */
function cachesOf({ inputs, appended }: Caches, known: ReadonlyMap<string, OnnxValue>): Caches {
  const read = Object.entries(appended).filter(([, input]) => known.has(input))
  return { inputs: inputs.filter((name) => known.has(name)), appended: Object.fromEntries(read) }
}

/** The files that initializers of a graph lie in. */
function usedFiles({ initializers }: ProgramGraph, files: NonNullable<SessionOptions['files']>) {
  const used = new Set(initializers.map(({ content }) => ('file' in content ? content.file : '')))
  return Object.fromEntries(Object.entries(files).filter(([name]) => used.has(name)))
}

/** Takes the sizes of data-dependent dims, and of resident inputs, out of a result. */
function collectSizes(
  graph: ProgramGraph,
  known: ReadonlyMap<string, OnnxValue>,
  result: RunResult,
  sizes: Map<string, number>,
): ProgramResult {
  const values = { ...result.values }
  for (const dim of graph.dataDims) {
    sizes.set(dim, Number(values[sizeOutput(dim)].data[0]))
    delete values[sizeOutput(dim)]
  }
  for (const [name, dims] of Object.entries(result.resident))
    dims.forEach((size, axis) => {
      const dim = known.get(name)!.shape[axis]
      if (typeof dim === 'string') sizes.set(dim, size)
    })
  return { ...result, values, sizes: Object.fromEntries(sizes) }
}

/**
 * Checks the feeds against the inputs and returns the sizes that they give to the named dims.
 * @param kept inputs that are in the cache of the run
 */
function bindFeeds(
  inputs: ReadonlyMap<string, OnnxValue>,
  feeds: Readonly<Record<string, Value | Resident>>,
  kept?: ReadonlySet<string>,
): Map<string, number> {
  const unknown = Object.keys(feeds).filter((name) => !inputs.has(name))
  if (unknown.length)
    throw new Error(`the program has no input ${unknown.join(', ')}; it has ${[...inputs.keys()].join(', ')}`)
  const sizes = new Map<string, number>()
  for (const input of inputs.values()) {
    if (kept?.has(input.name)) continue
    const feed = feeds[input.name]
    if (!feed) throw new Error(`input "${input.name}" is missing`)
    if (!('resident' in feed)) bindFeed(input, feed, sizes)
  }
  return sizes
}

function bindFeed({ name, shape, dtype }: OnnxValue, { dims, data, ...feed }: Value, sizes: Map<string, number>): void {
  const fixed =
    dims.length === shape.length && shape.every((dim, axis) => typeof dim === 'string' || dim === dims[axis])
  if (!fixed || feed.dtype !== dtype)
    throw new Error(`input "${name}" must be ${dtype} [${shape.join(', ')}], got ${feed.dtype} [${dims.join(', ')}]`)
  const elements = dims.reduce((a, b) => a * b, 1)
  if (data.length !== elements)
    throw new Error(`input "${name}" has ${data.length} values, [${dims.join(', ')}] needs ${elements}`)
  shape.forEach((dim, axis) => {
    if (typeof dim !== 'string') return
    const size = sizes.get(dim) ?? dims[axis]
    if (size !== dims[axis])
      throw new Error(`input "${name}" has ${dims[axis]} for the dim "${dim}", another input has ${size}`)
    sizes.set(dim, size)
  })
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
