import type { WeightTable } from '../../checkpoints/weight-table.ts'
import type { Architecture } from '../../models/family.ts'
import { createScope } from '../../nn/index.ts'
import { type Backend, type Cost, cacheKey, compile, f32, i64, type Program, type Value } from '../../runtime/index.ts'
import type { Method } from '../method/method.ts'
import { assertOwnWeights, weightsUnder } from '../method/own-weights.ts'
import type { Words } from '../method/words.ts'
import { positionShape } from '../talk/positions.ts'
import type { Step } from '../talk/reply.ts'
import { tokenWidth } from './deep.ts'
import { LOOK, TAGS, type TracedLanguage, traceLanguage } from './trace-language.ts'
import { memoryName } from './trace-vision.ts'

/** New tokens for the language model, in order: text by id, visual tokens by their embeddings. */
export interface Chunk {
  readonly ids: readonly number[]
  /** [v, d] */
  readonly visual: Value<Float32Array>
  /** For each slot: 0.. for text tokens, then ids.length.. for visual ones. */
  readonly order: readonly number[]
  /** Position of each slot for the rotary embedding; where positions have several axes, all of a slot together. */
  readonly positions: readonly number[]
  /** What each slot is, for methods that ask; -1 for text. */
  readonly tags?: Readonly<Partial<Record<(typeof TAGS)[number], readonly number[]>>>
  /** What `see` left beside the visual tokens, [n, d]; it stays with the conversation. */
  readonly memory?: Readonly<Record<string, Value<Float32Array>>>
  /** What of the cache is looked at, where a method keeps it as a store; all of it when absent. */
  readonly look?: Look
  /** Of an encoder-decoder: new tokens of the answer. The others go to the encoder. */
  readonly answer?: readonly number[]
  /** Of how many of its last slots logits are wanted; 1 when absent. */
  readonly asked?: number
}

/** What a run looks at of the rows that are kept. */
export interface Look {
  /** Rows of each layer, in order. */
  readonly rows: readonly (readonly number[])[]
  /** Rows that are seen from one distance. */
  readonly sinks?: readonly number[]
  /** First rows of the blocks that a layer may look at as well, the rows of a block, and how many blocks it takes. */
  readonly blocks?: { readonly first: readonly number[]; readonly length: number; readonly take: number }
}

export interface ChunkResult {
  /** Logits of the last slot, [vocabulary]. */
  readonly logits: Float32Array
  /** The same of each slot that was asked for, in order. */
  readonly logitRows: readonly Float32Array[]
  /** Rows that each layer added to its cache; absent where it looked at others that were there. */
  readonly added?: readonly number[]
  /** Which visual tokens of the chunk reached the last layer. */
  readonly kept: readonly number[]
  /** Layers that were given other visual tokens than the one before, and which. */
  readonly steps: readonly Step[]
  /** What the heads of the method say, by name. */
  readonly heads: Readonly<Record<string, Value>>
  readonly milliseconds: number
  readonly sizes: Readonly<Record<string, number>>
}

/**
 * The language model with its methods: one program for prefill and decode. The past length of every layer and the
 * number of visual tokens are named sizes that may be 0, so a reducer does nothing while decoding.
 */
export interface LanguageProgram {
  readonly program: Program
  /** Starts an empty KV cache under a key. */
  open(key: string): Promise<void>
  run(key: string, chunk: Chunk): Promise<ChunkResult>
  /** Cuts the newest tokens (text only) off every layer's cache. */
  truncate(key: string, tokens: number): Promise<void>
  /** Rows in each layer's cache. */
  lengths(key: string): readonly number[]
  close(key: string): Promise<void>
  cost(sizes: Readonly<Record<string, number>>): Cost
  dispose(): Promise<void>
}

export async function compileLanguage(
  backend: Backend,
  architecture: Architecture,
  weights: WeightTable,
  method: Method,
  words?: Words,
): Promise<LanguageProgram> {
  const scope = createScope()
  const traced = traceLanguage(architecture, method, scope, words)
  assertOwnWeights(method, scope.parameters)
  const appended = Object.fromEntries(traced.kept.map((name) => [`new.${name}`, name]))
  const caches = { inputs: [...traced.kept, ...Object.keys(traced.memory).map(memoryName)], appended }
  const program = await compile(backend, traced.outputs, { ...weightsUnder(method, weights), caches })
  return new CompiledLanguage(program, traced, architecture)
}

class CompiledLanguage implements LanguageProgram {
  private readonly caches = new Map<string, readonly number[]>()
  /** Caches that the engine has not heard of: it is told with the first run, which saves a way there and back. */
  private readonly unwritten = new Set<string>()
  private readonly residents: readonly string[]
  /** A program without a reducer asks for less: slots of visual tokens, for one. */
  private readonly known: ReadonlySet<string>
  /** What of a chunk it asks for. Decoding passes here for every token, so all that does not change is worked out once. */
  private readonly asked: readonly (readonly [string, FeedOf])[]
  private readonly fetch: readonly string[]

  constructor(
    readonly program: Program,
    private readonly traced: TracedLanguage,
    private readonly architecture: Architecture,
  ) {
    this.known = new Set(program.inputs.map(({ name }) => name))
    this.residents = [...traced.kept, ...Object.keys(traced.memory).map(memoryName)].filter((name) =>
      this.known.has(name),
    )
    this.asked = Object.entries(FEEDS).filter(([name]) => this.known.has(name))
    this.fetch = [...new Set(['logits', 'kept', ...traced.steps.map(({ output }) => output), ...traced.heads])]
  }

  async open(key: string): Promise<void> {
    const { caches, layers } = this.architecture.language
    this.caches.set(key, new Array(caches ?? layers).fill(0))
    this.unwritten.add(key)
  }

  async run(key: string, chunk: Chunk): Promise<ChunkResult> {
    const past = this.lengths(key)
    const [text, visual, answer] = [chunk.ids.length, chunk.visual.dims[0], chunk.answer?.length ?? 0]
    const written = this.write(key, chunk)
    const { program, traced, fetch } = this
    const running = program.run(this.feeds(chunk, past), { fetch, cache: key })
    const [{ values, milliseconds, sizes: found }] = await Promise.all([running, written])
    const sizes: Record<string, number> = { ...found, text, visual, answer } // found: those that only the data tells, too
    for (const [layer, count] of past.entries()) sizes[`past${layer}`] = count
    const rows = traced.rows(sizes)
    this.caches.set(
      key,
      past.map((before, layer) => before + rows[layer]),
    )
    const heads = traced.heads.map((name) => [name.slice('head.'.length), values[name]] as const)
    const kept = Array.from(values.kept.data, Number)
    const steps = traced.steps.map(({ layer, output }) => ({ layer, tokens: Array.from(values[output].data, Number) }))
    const logitRows = rowsOf(values.logits as Value<Float32Array>)
    const logits = logitRows[logitRows.length - 1]
    return { logits, logitRows, added: rows, kept, steps, heads: Object.fromEntries(heads), milliseconds, sizes }
  }

  private feeds(chunk: Chunk, past: readonly number[]): Record<string, Value> {
    const feeds: Record<string, Value> = {}
    for (const [name, make] of this.asked) feeds[name] = make(chunk, this.architecture)
    if (!this.traced.isStore) return feeds
    const looked = Object.entries(lookFeeds(chunk.look ?? everything(past))).filter(([name]) => this.known.has(name))
    for (const [name, make] of looked) feeds[name] = make()
    return feeds
  }

  /** What is to be resident before a run: an empty cache before the first, and what `see` left, which stays. */
  private async write(key: string, { memory = {} }: Chunk): Promise<void> {
    const left = Object.entries(memory).filter(([name]) => this.known.has(memoryName(name)))
    const values = [
      ...(this.unwritten.delete(key) ? this.residents.map((name) => [name, this.emptyOf(name)] as const) : []),
      ...left.map(([name, value]) => [memoryName(name), value] as const),
    ]
    if (values.length === 0) return
    await this.program.session.write(Object.fromEntries(values.map(([name, value]) => [cacheKey(key, name), value])))
  }

  private emptyOf(input: string): Value {
    const { shape, dtype } = this.program.inputs.find(({ name }) => name === input)!
    const dims = [0, ...shape.slice(1).map(Number)]
    return dtype === 'i64' ? i64(dims, []) : f32(dims, new Float32Array(0))
  }

  async truncate(key: string, tokens: number): Promise<void> {
    const shorter = this.lengths(key).map((rows) => rows - tokens)
    const kept = this.traced.kept.filter((name) => this.known.has(name))
    const rows = kept.map((name) => [cacheKey(key, name), shorter[layerOf(name)]] as const)
    await this.program.session.truncate(Object.fromEntries(rows))
    this.caches.set(key, shorter)
  }

  lengths(key: string): readonly number[] {
    return this.caches.get(key)!
  }

  async close(key: string): Promise<void> {
    this.caches.delete(key)
    if (this.unwritten.delete(key)) return
    await this.program.session.forget(this.residents.map((name) => cacheKey(key, name)))
  }

  cost(sizes: Readonly<Record<string, number>>): Cost {
    return this.program.cost(sizes)
  }

  dispose(): Promise<void> {
    return this.program.dispose()
  }
}

const rowsOf = ({ dims: [count, width], data }: Value<Float32Array>): Float32Array[] =>
  Array.from({ length: count }, (_, row) => data.subarray(row * width, (row + 1) * width))

/** The layer in a name such as `keys.3`. */
const layerOf = (name: string): number => Number(name.split('.')[1])

const everything = (past: readonly number[]): Look => ({ rows: past.map((rows) => [...Array(rows).keys()]) })

function lookFeeds({ rows, sinks = [], blocks }: Look): Record<string, () => Value> {
  const list = (values: readonly number[]) => () => i64([values.length], values)
  const { first, length, take } = blocks ?? { first: [], length: 1, take: 0 }
  return {
    ...Object.fromEntries(rows.map((looked, layer) => [LOOK.rows(layer), list(looked)])),
    [LOOK.sinks]: list(sinks),
    [LOOK.blocks]: list(first),
    [LOOK.within]: list([...Array(length).keys()]),
    [LOOK.take]: list(new Array<number>(take).fill(0)),
  }
}

type FeedOf = (chunk: Chunk, architecture: Architecture) => Value

/** What a program that reads a whole prompt is given, memory included, as far as it asks for it. */
export function promptFeeds(chunk: Chunk, architecture: Architecture, known: ReadonlySet<string>) {
  const said = Object.entries(FEEDS).filter(([name]) => known.has(name))
  const left = Object.entries(chunk.memory ?? {}).filter(([name]) => known.has(memoryName(name)))
  return Object.fromEntries<Value>([
    ...said.map(([name, make]) => [name, make(chunk, architecture)] as const),
    ...left.map(([name, value]) => [memoryName(name), value] as const),
  ])
}

/** The inputs of a program that a chunk says, of which it asks for some. */
const FEEDS: Readonly<Record<string, FeedOf>> = {
  ids: ({ ids }) => i64([ids.length], ids),
  visual: ({ visual }, architecture) => widened(visual, tokenWidth(architecture)),
  order: ({ order }) => i64([order.length], order),
  positions: ({ order, positions }, { language }) =>
    f32(positionShape(language, order.length).map(Number), Float32Array.from(positions)),
  asked: ({ asked = 1 }) =>
    i64(
      [asked],
      [...Array(asked).keys()].map((at) => at - asked),
    ),
  answer: ({ answer = [] }) => i64([answer.length], answer),
  textSlots: (chunk) => i64([1, chunk.ids.length], slotsWhere(chunk, true)),
  visualSlots: (chunk) => i64([1, chunk.visual.dims[0]], slotsWhere(chunk, false)),
  opening: ({ visual }) => f32([], Float32Array.of(visual.dims[0] > 0 ? 1 : 0)),
  ...Object.fromEntries(TAGS.map((tag) => [tag, (chunk: Chunk) => i64([1, chunk.order.length], tagIn(chunk, tag))])),
}

const slotsWhere = ({ ids, order }: Chunk, isText: boolean): number[] =>
  [...order.keys()].filter((slot) => order[slot] < ids.length === isText)

function tagIn({ ids, order, tags }: Chunk, tag: (typeof TAGS)[number]): readonly number[] {
  if (tag === 'token') return order.map((from) => ids[from] ?? -1)
  return tags?.[tag] ?? new Array<number>(order.length).fill(-1)
}

/** Rows that bring no more than a state are given nothing behind early layers. */
function widened({ dims: [rows, given], data }: Value<Float32Array>, width: number): Value<Float32Array> {
  if (rows === 0 || given === width) return f32([rows, width], data)
  const wide = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) wide.set(data.subarray(row * given, (row + 1) * given), row * width)
  return f32([rows, width], wide)
}
