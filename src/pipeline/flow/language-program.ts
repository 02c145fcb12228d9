import type { WeightTable } from '../../checkpoints/weight-table.ts'
import { FoveaError } from '../../errors.ts'
import type { LanguageModel } from '../../models/language/language-model.ts'
import { type DecoderLayer, type Hidden, toRows } from '../../models/language/sequence.ts'
import { createScope } from '../../nn/index.ts'
import { type Backend, type Cost, compile, f32, i64, type Program, type Value } from '../../runtime/index.ts'
import {
  addDim,
  arange,
  concat,
  evaluateDim,
  gather,
  input,
  reshape,
  slice,
  subDim,
  type Tensor,
} from '../../tensor/index.ts'
import type { Method } from '../method/method.ts'
import type { Sequence } from '../method/sequence.ts'
import { positionShape } from '../talk/positions.ts'

/** New tokens for the language model, in order: text by id, visual tokens by their embeddings. */
export interface Chunk {
  readonly ids: readonly number[]
  /** [v, d] */
  readonly visual: Value<Float32Array>
  /** For each slot: 0.. for text tokens, then ids.length.. for visual ones. */
  readonly order: readonly number[]
  /** Position of each slot for the rotary embedding; where positions have several axes, all of a slot together. */
  readonly positions: readonly number[]
  /** Of an encoder-decoder: new tokens of the answer. The others go to the encoder. */
  readonly answer?: readonly number[]
}

export interface ChunkResult {
  /** Logits of the last slot, [vocabulary]. */
  readonly logits: Float32Array
  /** Which visual tokens of the chunk reached the last layer. */
  readonly kept: readonly number[]
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

const cacheNames = (layer: number) => ({ keys: `keys.${layer}`, values: `values.${layer}` })

export async function compileLanguage(
  backend: Backend,
  language: LanguageModel,
  weights: WeightTable,
  method: Method,
): Promise<LanguageProgram> {
  const { outputs, lengths } = traceLanguage(language, method)
  const program = await compile(backend, outputs, weights.compileOptions)
  // A program without a reducer asks for less: slots of visual tokens, for one.
  const known = new Set(program.inputs.map((value) => value.name))
  const { heads, caches: layers = language.layers } = language
  const caches = new Map<string, number[]>()
  const names = Array.from({ length: layers }, (_, layer) => cacheNames(layer)).flatMap(({ keys, values }) => [
    keys,
    values,
  ])
  const resident = (key: string, name: string) => `${key}/${name}`
  return {
    program,
    open: async (key) => {
      const empty = f32([0, heads.keyValue, heads.width], new Float32Array(0))
      await program.session.write(Object.fromEntries(names.map((name) => [resident(key, name), empty])))
      caches.set(key, new Array(layers).fill(0))
    },
    run: async (key, chunk) => {
      const past = caches.get(key)!
      const [text, visual, answer] = [chunk.ids.length, chunk.visual.dims[0], chunk.answer?.length ?? 0]
      const sizes = { text, visual, answer, ...Object.fromEntries(past.map((rows, layer) => [`past${layer}`, rows])) }
      const feeds = {
        ...Object.fromEntries(Object.entries(chunkFeeds(chunk, language)).filter(([name]) => known.has(name))),
        ...Object.fromEntries(names.map((name) => [name, { resident: resident(key, name) }])),
      }
      const append = Object.fromEntries(names.map((name) => [`new.${name}`, resident(key, name)]))
      const { values, milliseconds } = await program.run(feeds, { fetch: ['logits', 'kept'], append })
      caches.set(
        key,
        past.map((rows, layer) => rows + lengths(layer, sizes)),
      )
      const kept = Array.from(values.kept.data, Number)
      return { logits: values.logits.data as Float32Array, kept, milliseconds, sizes }
    },
    truncate: async (key, tokens) => {
      const shorter = caches.get(key)!.map((rows) => rows - tokens)
      const rows = names.map((name, at) => [resident(key, name), shorter[Math.floor(at / 2)]])
      await program.session.truncate(Object.fromEntries(rows))
      caches.set(key, shorter)
    },
    lengths: (key) => caches.get(key)!,
    close: async (key) => {
      caches.delete(key)
      await program.session.forget(names.map((name) => resident(key, name)))
    },
    cost: (sizes) => program.cost(sizes),
    dispose: () => program.dispose(),
  }
}

function chunkFeeds(chunk: Chunk, language: LanguageModel): Record<string, Value> {
  const { ids, visual, order, positions, answer = [] } = chunk
  const slots = order.map((from, slot) => ({ from, slot }))
  const slotsWhere = (isText: boolean) =>
    slots.filter(({ from }) => from < ids.length === isText).map(({ slot }) => slot)
  return {
    ids: i64([ids.length], ids),
    visual: f32([visual.dims[0], language.hiddenSize], visual.data),
    order: i64([order.length], order),
    positions: f32(positionShape(language, order.length).map(Number), Float32Array.from(positions)),
    answer: i64([answer.length], answer),
    textSlots: i64([ids.length], slotsWhere(true)),
    visualSlots: i64([visual.dims[0]], slotsWhere(false)),
  }
}

/** The graph of the language side, and how many rows a layer adds to its cache. */
export function traceLanguage(language: LanguageModel, method: Method) {
  const scope = createScope()
  const { layers, caches = layers, heads, hiddenSize } = language
  const length = addDim('text', 'visual')
  const rows = concat(
    [language.embed(scope, input('ids', ['text'], 'i64')), input('visual', ['visual', hiddenSize])],
    0,
  )
  const start: Sequence = {
    states: reshape(gather(rows, input('order', [length], 'i64')), [1, length, hiddenSize]),
    positions: input('positions', positionShape(language, length)),
    visual: input('visualSlots', ['visual'], 'i64'),
    text: input('textSlots', ['text'], 'i64'),
    source: arange('visual'),
    layers: [],
    since: 0,
    changedBy: [],
  }
  const past = Array.from({ length: caches }, (_, layer) => {
    const shape = [`past${layer}`, heads.keyValue, heads.width]
    return { keys: input(cacheNames(layer).keys, shape), values: input(cacheNames(layer).values, shape) }
  })
  const steps = method.decoder?.beforeLayer ?? {}
  assertLayers(method, Object.keys(steps).map(Number), layers)
  const beforeLayer = (index: number, hidden: Hidden, done: readonly DecoderLayer[]): Hidden => {
    const seq = { ...(hidden as Sequence), layers: done }
    return steps[index]?.(seq) ?? seq
  }
  const answer =
    language.answerStart === undefined
      ? undefined
      : reshape(language.embed(scope, input('answer', ['answer'], 'i64')), [1, 'answer', hiddenSize])
  const result = language.decode(scope, start, { past, beforeLayer, answer })
  return { outputs: namedOutputs(language, scope, result), lengths: rowCounter(result.inputs) }
}

function namedOutputs(
  language: LanguageModel,
  scope: ReturnType<typeof createScope>,
  result: ReturnType<LanguageModel['decode']>,
): Record<string, Tensor> {
  const outputs: Record<string, Tensor> = {}
  result.layers.forEach(({ keys, values }, layer) => {
    outputs[`new.${cacheNames(layer).keys}`] = toRows(keys)
    outputs[`new.${cacheNames(layer).values}`] = toRows(values)
  })
  const s = result.hidden.shape[1]
  const last = reshape(slice(result.hidden, 1, subDim(s, 1), s), [language.hiddenSize])
  outputs.logits = reshape(language.logits(scope, reshape(last, [1, language.hiddenSize])), [language.vocabulary])
  // The sequence as the last layer saw it; renamed by identity where nothing was dropped.
  outputs.kept = (result.inputs.at(-1) as Sequence).source
  return outputs
}

/** Rows that a layer adds to its cache, from the sizes of a chunk. */
function rowCounter(inputs: readonly Hidden[]) {
  return (layer: number, sizes: Readonly<Record<string, number>>): number =>
    evaluateDim(inputs[layer].states.shape[1], new Map(Object.entries(sizes)))
}

function assertLayers(method: Method, wanted: readonly number[], layers: number): void {
  const outside = wanted.filter((layer) => !(layer >= 0 && layer < layers))
  if (outside.length)
    throw new FoveaError(
      'method_layer',
      'usage',
      `${method.name}: there is no layer ${outside[0]}; the language model has layers 0 to ${layers - 1}`,
    )
}
