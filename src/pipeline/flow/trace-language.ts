import type { Architecture } from '../../models/family.ts'
import type { LanguageModel } from '../../models/language/language-model.ts'
import { type DecoderLayer, type PastLayer, type SlotTags, toRows } from '../../models/language/sequence.ts'
import { createScope, type Scope } from '../../nn/index.ts'
import {
  addDim,
  arange,
  concat,
  type Dim,
  evaluateDim,
  gather,
  input,
  type Leaf,
  reshape,
  type Tensor,
  topologicalOrder,
} from '../../tensor/index.ts'
import type { Method } from '../method/method.ts'
import { methodError } from '../method/method-error.ts'
import type { Sequence } from '../method/sequence.ts'
import { embedTokens, type Words, wordsOf } from '../method/words.ts'
import { positionShape } from '../talk/positions.ts'
import { takenApart, tokenWidth } from './deep.ts'
import { type Finished, read } from './read.ts'
import { memoryName, memoryWidths } from './trace-vision.ts'

/** What slots may be told apart by, where a method reads it. */
export const TAGS = ['token', 'view', 'row', 'column'] as const satisfies readonly (keyof SlotTags)[]

/** Names of what a layer keeps: inputs of a run hold the rows so far, outputs `new.*` those to add. */
export const cacheName = (part: 'keys' | 'values' | 'positions' | keyof SlotTags, layer: number): string =>
  `${part}.${layer}`

export interface TracedLanguage {
  readonly outputs: Readonly<Record<string, Tensor>>
  /** Names of the residents whose rows a run adds to. */
  readonly kept: readonly string[]
  /** Widths of what the method reads of `see`, by name. */
  readonly memory: Readonly<Record<string, number>>
  /** Whether a run says what it looks at. */
  readonly isStore: boolean
  /** Outputs of heads. */
  readonly heads: readonly string[]
  /** Layers that are given other visual tokens than the one before, and the output that says which. */
  readonly steps: readonly { readonly layer: number; readonly output: string }[]
  /** Rows that each layer adds to its cache, from the sizes of a chunk. */
  readonly rows: (sizes: Readonly<Record<string, number>>) => number[]
}

/** The graph of the language side: one for prefill and decode. */
export function traceLanguage(
  architecture: Architecture,
  method: Method,
  scope: Scope = createScope(),
  words: Words = wordsOf(method, architecture),
): TracedLanguage {
  const { language } = architecture
  const { layers: count, caches = count } = language
  const isStore = method.needs?.store !== undefined
  if (isStore && language.answerStart !== undefined)
    throw methodError(
      `${method.name} keeps keys before they are rotated, ${architecture.name} rotates none; use another model`,
    )
  const past = Array.from({ length: caches }, (_, layer) => (isStore ? chosenRows : pastLayer)(language, layer))
  const { memory, ...finished } = readPrompt(architecture, method, scope, words, past)
  const heads = Object.entries(finished.heads).map(([name, head]) => [`head.${name}`, head] as const)
  const { steps, outputs: dropped } = stepsOf(finished)
  const answers = { ...lastLogits(finished), ...dropped, ...Object.fromEntries(heads) }
  const rows = cacheRows(finished.layers, answers, isStore)
  return {
    outputs: { ...Object.fromEntries(Object.entries(rows).map(([name, row]) => [`new.${name}`, row])), ...answers },
    kept: Object.keys(rows),
    memory,
    isStore,
    heads: heads.map(([name]) => name),
    steps,
    rows: addedRows(Array.from({ length: caches }, (_, layer) => finished.layers[layer]?.input.states.shape[1] ?? 0)),
  }
}

/** The input that is 1 for what the model itself said, i64 [1, s]. */
export const ANSWERED = 'answered'

/** What came of a prompt, and the widths of what the method reads of `see`, by name. */
export interface ReadPrompt extends Finished {
  readonly memory: Readonly<Record<string, number>>
}

/** The language side on the inputs of a chunk; without cached rows, on a prompt and the answer to it at once (`ANSWERED`). */
export function readPrompt(
  architecture: Architecture,
  method: Method,
  scope: Scope,
  words: Words = wordsOf(method, architecture),
  past?: readonly PastLayer[],
): ReadPrompt {
  const memory = method.read && method.see ? memoryWidths(architecture, method) : {}
  const embed = (ids: Tensor) => embedTokens(scope, architecture, method, ids, words)
  const start = promptSequence(embed, architecture)
  const answered = past ? undefined : { answer: input(ANSWERED, [1, start.states.shape[1]], 'i64') }
  const finished = read(
    scope,
    architecture,
    method,
    { ...start, tags: { ...start.tags, ...answered } },
    {
      past,
      words,
      answer: answerOf(embed, architecture.language),
      memory: Object.fromEntries(Object.entries(memory).map(([name, width]) => [name, memoryInput(name, width)])),
    },
  )
  return { ...finished, memory }
}

/** Text and visual tokens in the order of their slots, batch 1. */
function promptSequence(embed: (ids: Tensor) => Tensor, architecture: Architecture) {
  const { language } = architecture
  const { hiddenSize } = language
  const length = addDim('text', 'visual')
  const embedded = embed(input('ids', ['text'], 'i64'))
  const { states, deep } = takenApart(input('visual', ['visual', tokenWidth(architecture)]), architecture)
  const rows = concat([embedded, states], 0)
  const tags = TAGS.map((tag) => [tag, input(tag, [1, length], 'i64')] as const)
  return {
    states: reshape(gather(rows, input('order', [length], 'i64')), [1, length, hiddenSize]),
    positions: input('positions', positionShape(language, length)),
    tags: Object.fromEntries(tags) as SlotTags,
    ...(deep && { deep: reshape(deep, [1, ...deep.shape]) }),
    visual: input('visualSlots', [1, 'visual'], 'i64'),
    text: input('textSlots', [1, 'text'], 'i64'),
    source: reshape(arange('visual'), [1, 'visual']),
    opening: input('opening', []),
  }
}

const memoryInput = (name: string, width: number): Tensor => {
  const rows = memoryName(name)
  return reshape(input(rows, [rows, width]), [1, rows, width])
}

function pastLayer({ heads }: LanguageModel, layer: number): PastLayer {
  const rows: Dim = `past${layer}`
  const tag = (name: keyof SlotTags) => reshape(input(cacheName(name, layer), [rows], 'i64'), [1, rows])
  const shape = [rows, heads.keyValue, heads.width]
  return {
    keys: input(cacheName('keys', layer), shape),
    values: input(cacheName('values', layer), shape),
    tags: Object.fromEntries(TAGS.map((name) => [name, tag(name)])),
  }
}

/** What a layer looks at of all that is kept of it: rows that a run names, at the positions where they were written. */
function chosenRows(language: LanguageModel, layer: number): PastLayer {
  const all = pastLayer(language, layer)
  const count = all.keys.shape[0]
  const written = input(cacheName('positions', layer), positionShape(language, count).slice(1))
  const looked = input(LOOK.rows(layer), [`look${layer}`], 'i64')
  const choose = (rows: Tensor) => gather(rows, looked)
  return {
    keys: choose(all.keys),
    values: choose(all.values),
    tags: Object.fromEntries(TAGS.map((name) => [name, gather(all.tags![name]!, looked, 1)])),
    positions: reshape(choose(written), positionShape(language, looked.shape[0])),
    store: {
      keys: all.keys,
      values: all.values,
      positions: written,
      blocks: {
        first: input(LOOK.blocks, ['blocks'], 'i64'),
        within: input(LOOK.within, ['within'], 'i64'),
        take: input(LOOK.take, ['take'], 'i64'),
      },
      sinks: input(LOOK.sinks, ['sinks'], 'i64'),
    },
  }
}

/** Inputs that say what a run looks at; of `take` its length counts. */
export const LOOK = {
  rows: (layer: number): string => `look.${layer}`,
  blocks: 'look.blocks',
  within: 'look.within',
  take: 'look.take',
  sinks: 'look.sinks',
}

function answerOf(embed: (ids: Tensor) => Tensor, { answerStart, hiddenSize }: LanguageModel): Tensor | undefined {
  if (answerStart === undefined) return undefined
  return reshape(embed(input('answer', ['answer'], 'i64')), [1, 'answer', hiddenSize])
}

/** Of the last slots, of which a run says how many: [asked, vocabulary]. */
function lastLogits({ hidden, last, logits }: Finished) {
  const rows = reshape(hidden, hidden.shape.slice(1))
  return {
    logits: logits(gather(rows, input('asked', ['asked'], 'i64'))),
    // The sequence as the last layer left it; renamed by identity where nothing was dropped.
    kept: reshape(last.source, [last.source.shape[1]]),
  }
}

/** Where the visual tokens of a sequence become others; of the last of them `kept` says which they are. */
function stepsOf({ layers, last }: Finished): Pick<TracedLanguage, 'steps'> & { outputs: Record<string, Tensor> } {
  const sources = layers.flatMap((ran, layer) => (ran ? { layer, source: (ran.input as Sequence).source } : []))
  const changed = sources.filter(({ source }, at) => at > 0 && source && source !== sources[at - 1].source)
  const steps = changed.map(({ layer, source }) => ({
    layer,
    source,
    output: source === last.source ? 'kept' : `kept.${layer}`,
  }))
  const own = steps.filter(({ output }) => output !== 'kept')
  return {
    steps: steps.map(({ layer, output }) => ({ layer, output })),
    outputs: Object.fromEntries(own.map(({ output, source }) => [output, reshape(source, [source.shape[1]])])),
  }
}

/** What each layer adds to its cache: keys, values, and the tags that something reads of the past. */
function cacheRows(
  layers: readonly DecoderLayer[],
  answers: Readonly<Record<string, Tensor>>,
  isStore: boolean,
): Record<string, Tensor> {
  const rows: Record<string, Tensor> = {}
  layers.forEach(({ keys, values, unrotated, input: { positions } }, layer) => {
    rows[cacheName('keys', layer)] = toRows(isStore ? unrotated! : keys)
    rows[cacheName('values', layer)] = toRows(values)
    if (isStore) rows[cacheName('positions', layer)] = reshape(positions, positions.shape.slice(1))
  })
  const read = new Set(
    topologicalOrder([...Object.values(answers), ...Object.values(rows)]).map(
      ({ attrs }) => (attrs as Leaf | null)?.name,
    ),
  )
  layers.forEach(({ input: { tags = {} } }, layer) => {
    for (const name of TAGS) {
      const tag = tags[name]
      if (tag && read.has(cacheName(name, layer))) rows[cacheName(name, layer)] = reshape(tag, [tag.shape[1]])
    }
  })
  return rows
}

/** Most layers add as many as the one before: each number is worked out once. */
function addedRows(lengths: readonly Dim[]): TracedLanguage['rows'] {
  const different = [...new Set(lengths)]
  const which = lengths.map((length) => different.indexOf(length))
  return (sizes) => {
    const known = new Map(Object.entries(sizes))
    const rows = different.map((length) => evaluateDim(length, known))
    return which.map((at) => rows[at])
  }
}
