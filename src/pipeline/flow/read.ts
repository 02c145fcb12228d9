import type { Architecture } from '../../models/family.ts'
import type { DecoderOptions, DecoderStages, Hidden } from '../../models/language/sequence.ts'
import { type Scope, withLinear } from '../../nn/index.ts'
import type { Tensor } from '../../tensor/index.ts'
import { reachLog } from '../method/compose.ts'
import { assertLayers } from '../method/layers.ts'
import type { LayerSite, LinearSite, Method, PartSite, ReadSide, Site } from '../method/method.ts'
import { valuesIn } from '../method/own-weights.ts'
import type { Read, Sequence } from '../method/sequence.ts'
import { logitsOf, type Words, wordsOf } from '../method/words.ts'
import { deepened } from './deep.ts'
import { whole } from './see.ts'

export interface ReadOptions extends Pick<DecoderOptions, 'past' | 'answer' | 'mask'> {
  /** What `see` left for the language model, [1, n, d] each. */
  readonly memory?: Site['memory']
  /** Tokens of the method's words; behind the vocabulary when absent. */
  readonly words?: Words
}

/** What came of a sequence, and what turns its states into logits. */
export interface Finished extends Read {
  /** Normalised states [..., d] -> logits [..., vocabulary], under the same method. */
  readonly logits: (hidden: Tensor) => Tensor
  /** Further outputs of the method, by name. */
  readonly heads: Readonly<Record<string, Tensor>>
}

/** The only way from a sequence to logits and heads: compiled, differentiated and checked alike. */
export function read(
  p: Scope,
  architecture: Architecture,
  method: Method,
  start: Omit<Sequence, 'ran' | 'changedBy'>,
  { memory = {}, words = wordsOf(method, architecture), ...options }: ReadOptions = {},
): Finished {
  const { language } = architecture
  const log = reachLog(method, 'language')
  const norm = language.norm && ((states: Tensor) => language.norm!(p, states))
  const known = (weight: Tensor) => valuesIn(method.adapter, weight)
  const at: Site = { p: p.at('method'), architecture, memory, words: words.ids, norm, known, reached: log.reached }
  const places = method.read ?? {}
  assertLayers(method, 'read', language.layers)
  const running: Running = {}
  const scope = scopeUnder(p, places.linear, at, running)
  const whole: Sequence = { ...start, ran: [], changedBy: [] }
  const opened = places.sequence?.(whole, at) ?? whole
  const { layers, last, hidden } = language.decode(scope, opened, {
    ...options,
    stages: stagesOf(places, at, running, opened.deep),
  })
  running.within = undefined
  const done: Read = { hidden, last: last as Sequence, layers }
  const heads = Object.entries(places.heads ?? {}).map(([name, head]) => [name, head(done, at)] as const)
  const logits = (states: Tensor) => logitsOf(scope, architecture, method, words, states)
  log.assertAll()
  return { ...done, logits, heads: Object.fromEntries(heads) }
}

/** The layer that is being traced. */
interface Running {
  within?: LinearSite['within']
}

function scopeUnder(p: Scope, stage: ReadSide['linear'], at: Site, running: Running): Scope {
  return stage ? withLinear(p, (x, next, place) => stage(x, next, { ...at, ...place, ...running })) : p
}

function stagesOf(places: ReadSide, at: Site, running: Running, deep?: Tensor): DecoderStages {
  const { layer, attention, feedForward, linear } = places
  const siteOf = (layer: number): LayerSite => ({ ...at, layer })
  const partOf = (layer: number, input: Hidden): PartSite => ({ ...siteOf(layer), input: input as Sequence })
  return {
    ...((layer || linear || deep) && {
      layer: (index, hidden, next, ran) => {
        const seq: Sequence = { ...(hidden as Sequence), ran }
        const run = (input: Sequence) => {
          running.within = { layer: index, input }
          return deepened(next(input) as Sequence, index)
        }
        return layer ? whole(layer)(seq, run, siteOf(index)) : run(seq)
      },
    }),
    ...(attention && {
      attention: (index, asked, next) => whole(attention)(asked, next, partOf(index, asked.input)),
    }),
    ...(feedForward && {
      feedForward: (index, x, next, input) => whole(feedForward)(x, next, partOf(index, input)),
    }),
  }
}
