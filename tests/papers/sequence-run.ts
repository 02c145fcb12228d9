import type { DecoderLayer } from '../../src/models/language/sequence.ts'
import { createScope } from '../../src/nn/index.ts'
import type { LayerSite, Method } from '../../src/pipeline/method/method.ts'
import type { Sequence } from '../../src/pipeline/method/sequence.ts'
import { constant, evaluate, type Tensor } from '../../src/tensor/index.ts'
import { sequenceOf } from './site.ts'

/** One head; every slot asks with its query, and is found by its key. */
export interface Looks {
  readonly queries: readonly (readonly number[])[]
  readonly keys: readonly (readonly number[])[]
}

/** Visual tokens first, text behind them; states are known, and what layers compute of them. */
export interface Prompt {
  readonly visual: readonly (readonly number[])[]
  readonly text: readonly (readonly number[])[]
  readonly tags?: Sequence['tags']
}

export function promptOf({ visual, text, tags }: Prompt): Sequence {
  const rows = [...visual, ...text]
  const seq = sequenceOf({ visual: [visual.map((_, at) => at)], states: rows.flat(), length: rows.length })
  return { ...seq, tags }
}

const layerOf = (input: Sequence, { queries, keys }: Looks): DecoderLayer => {
  const heads = (rows: Looks['keys']) => constant(rows.flat(), [1, 1, rows.length, rows[0].length])
  return {
    input,
    queries: heads(queries),
    keys: heads(keys),
    values: heads(keys),
    allKeys: heads(keys),
    scoring: { scale: 1 },
    output: input.states,
  }
}

/** A prompt whose layers before a given one ran on it, and looked like this. */
export const afterLayers = (seq: Sequence, count: number, looks: Looks): Sequence => ({
  ...seq,
  ran: Array.from({ length: count }, () => layerOf(seq, looks)),
})

/** What the layer stage of a method gives to a layer, or takes from it; the layer itself changes nothing. */
export function atLayer(
  { read }: Method,
  layer: number,
  seq: Sequence,
  { looks, layers = 4, ...site }: Partial<LayerSite> & { readonly looks?: Looks; readonly layers?: number } = {},
): Sequence {
  const stage = read?.layer as unknown as (seq: Sequence, next: (seq: Sequence) => Sequence, at: LayerSite) => Sequence
  const ran = [...seq.ran]
  const own: Sequence = { ...seq, ran }
  const next = (given: Sequence): Sequence => {
    if (looks && given.states.shape[1] === own.states.shape[1]) ran[layer] = layerOf(given, looks)
    return given
  }
  const architecture = { language: { layers } }
  const at = { layer, p: createScope(), memory: {}, architecture, reached: () => {}, ...site } as unknown as LayerSite
  return stage(own, next, at)
}

export interface Left {
  readonly source: readonly number[]
  readonly states: readonly (readonly number[])[]
  readonly positions: readonly number[]
  /** Slots of the visual tokens. */
  readonly visual: readonly number[]
}

export function left({ source, states, positions, visual }: Sequence): Left {
  const numbers = evaluate([source, states, positions, visual] as Tensor[], new Map()).map(({ data }) => [...data])
  const width = Number(states.shape[2])
  const rows = numbers[1].length / width
  return {
    source: numbers[0],
    states: Array.from({ length: rows }, (_, row) => numbers[1].slice(row * width, (row + 1) * width)),
    positions: numbers[2],
    visual: numbers[3],
  }
}
