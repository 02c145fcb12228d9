import type { WeightTable } from '../../checkpoints/weight-table.ts'
import type { Architecture } from '../../models/family.ts'
import type { LanguageModel } from '../../models/language/language-model.ts'
import { createScope } from '../../nn/index.ts'
import { type Backend, type Cost, compile, f32, i64, type Program, type Value } from '../../runtime/index.ts'
import type { Method } from '../method/method.ts'
import { assertOwnWeights, weightsUnder } from '../method/own-weights.ts'
import type { Words } from '../method/words.ts'
import { positionShape } from '../talk/positions.ts'
import { LOOK, TAGS, type TracedLanguage, traceLanguage } from './trace-language.ts'
import { memoryName } from './vision-program.ts'

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
  /** Rows that each layer added to its cache; absent where it looked at others that were there. */
  readonly added?: readonly number[]
  /** Which visual tokens of the chunk reached the last layer. */
  readonly kept: readonly number[]
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
  const program = await compile(backend, traced.outputs, weightsUnder(method, weights))
  return new CompiledLanguage(program, traced, architecture.language)
}

class CompiledLanguage implements LanguageProgram {
  private readonly caches = new Map<string, readonly number[]>()
  private readonly residents: readonly string[]
  /** A program without a reducer asks for less: slots of visual tokens, for one. */
  private readonly known: ReadonlySet<string>

  constructor(
    readonly program: Program,
    private readonly traced: TracedLanguage,
    private readonly language: LanguageModel,
  ) {
    this.known = new Set(program.inputs.map(({ name }) => name))
    this.residents = [...traced.kept, ...Object.keys(traced.memory).map(memoryName)].filter((name) =>
      this.known.has(name),
    )
  }

  async open(key: string): Promise<void> {
    const shapes = new Map(this.program.inputs.map(({ name, shape, dtype }) => [name, { shape, dtype }]))
    const empty = this.residents.map((name) => {
      const { shape, dtype } = shapes.get(name)!
      const dims = [0, ...shape.slice(1).map(Number)]
      return [resident(key, name), dtype === 'i64' ? i64(dims, []) : f32(dims, new Float32Array(0))] as const
    })
    await this.program.session.write(Object.fromEntries(empty))
    this.caches.set(key, new Array(this.language.caches ?? this.language.layers).fill(0))
  }

  async run(key: string, chunk: Chunk): Promise<ChunkResult> {
    const past = this.lengths(key)
    const [text, visual, answer] = [chunk.ids.length, chunk.visual.dims[0], chunk.answer?.length ?? 0]
    await this.remember(key, chunk)
    const { program, residents, traced, known } = this
    const given = {
      ...chunkFeeds(chunk, this.language),
      ...(traced.isStore && lookFeeds(chunk.look ?? everything(past))),
    }
    const fed = Object.entries(given).filter(([name]) => known.has(name))
    const feeds = {
      ...Object.fromEntries(fed),
      ...Object.fromEntries(residents.map((name) => [name, { resident: resident(key, name) }])),
    }
    const growing = traced.kept.filter((name) => known.has(name))
    const append = Object.fromEntries(growing.map((name) => [`new.${name}`, resident(key, name)]))
    const fetch = ['logits', 'kept', ...traced.heads]
    const { values, milliseconds, sizes: found } = await program.run(feeds, { fetch, append })
    const pasts = Object.fromEntries(past.map((rows, layer) => [`past${layer}`, rows]))
    const sizes = { ...found, text, visual, answer, ...pasts } // found: those that only the data tells, too
    const rows = past.map((_, layer) => traced.rows(layer, sizes))
    this.caches.set(
      key,
      past.map((before, layer) => before + rows[layer]),
    )
    const heads = traced.heads.map((name) => [name.slice('head.'.length), values[name]] as const)
    const kept = Array.from(values.kept.data, Number)
    const logits = values.logits.data as Float32Array
    return { logits, added: rows, kept, heads: Object.fromEntries(heads), milliseconds, sizes }
  }

  /** What `see` left stays with the conversation. */
  private async remember(key: string, { memory = {} }: Chunk): Promise<void> {
    const left = Object.entries(memory).filter(([name]) => this.known.has(memoryName(name)))
    if (left.length === 0) return
    const values = left.map(([name, value]) => [resident(key, memoryName(name)), value] as const)
    await this.program.session.write(Object.fromEntries(values))
  }

  async truncate(key: string, tokens: number): Promise<void> {
    const shorter = this.lengths(key).map((rows) => rows - tokens)
    const kept = this.traced.kept.filter((name) => this.known.has(name))
    const rows = kept.map((name) => [resident(key, name), shorter[layerOf(name)]] as const)
    await this.program.session.truncate(Object.fromEntries(rows))
    this.caches.set(key, shorter)
  }

  lengths(key: string): readonly number[] {
    return this.caches.get(key)!
  }

  async close(key: string): Promise<void> {
    this.caches.delete(key)
    await this.program.session.forget(this.residents.map((name) => resident(key, name)))
  }

  cost(sizes: Readonly<Record<string, number>>): Cost {
    return this.program.cost(sizes)
  }

  dispose(): Promise<void> {
    return this.program.dispose()
  }
}

const resident = (key: string, name: string): string => `${key}/${name}`

/** The layer in a name such as `keys.3`. */
const layerOf = (name: string): number => Number(name.split('.')[1])

const everything = (past: readonly number[]): Look => ({ rows: past.map((rows) => [...Array(rows).keys()]) })

function lookFeeds({ rows, sinks = [], blocks }: Look): Record<string, Value> {
  const list = (values: readonly number[]) => i64([values.length], values)
  const { first, length, take } = blocks ?? { first: [], length: 1, take: 0 }
  return {
    ...Object.fromEntries(rows.map((looked, layer) => [LOOK.rows(layer), list(looked)])),
    [LOOK.sinks]: list(sinks),
    [LOOK.blocks]: list(first),
    [LOOK.within]: list([...Array(length).keys()]),
    [LOOK.take]: list(new Array<number>(take).fill(0)),
  }
}

function chunkFeeds(chunk: Chunk, language: LanguageModel): Record<string, Value> {
  const { ids, visual, order, positions, tags, answer = [] } = chunk
  const slots = order.map((from, slot) => ({ from, slot }))
  const slotsWhere = (isText: boolean) =>
    slots.filter(({ from }) => from < ids.length === isText).map(({ slot }) => slot)
  const text = new Array<number>(order.length).fill(-1)
  const told = { token: order.map((from) => ids[from] ?? -1), ...tags }
  return {
    ids: i64([ids.length], ids),
    visual: f32([visual.dims[0], language.hiddenSize], visual.data),
    order: i64([order.length], order),
    positions: f32(positionShape(language, order.length).map(Number), Float32Array.from(positions)),
    answer: i64([answer.length], answer),
    textSlots: i64([1, ids.length], slotsWhere(true)),
    visualSlots: i64([1, visual.dims[0]], slotsWhere(false)),
    opening: f32([], Float32Array.of(visual.dims[0] > 0 ? 1 : 0)),
    ...Object.fromEntries(TAGS.map((tag) => [tag, i64([1, order.length], told[tag] ?? text)])),
  }
}
