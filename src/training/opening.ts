/** What a dialogue is about: the tokens of a picture's views, and what is written around them, before any question. */
import type { SlotTags } from '../models/language/sequence.ts'
import type { View } from '../models/views/view.ts'
import { rowNumbers } from '../pipeline/method/rows.ts'
import { visualTags } from '../pipeline/method/token-tags.ts'
import type { VisualTokens } from '../pipeline/method/visual-tokens.ts'
import { encodeWords, type Words } from '../pipeline/method/words.ts'
import {
  add,
  addDim,
  arange,
  cast,
  concat,
  constant,
  type Dim,
  dimValue,
  div,
  expand,
  fixedDim,
  floor,
  less,
  mul,
  mulDim,
  reshape,
  select,
  slice,
  type Tensor,
} from '../tensor/index.ts'

export type Seen = Pick<VisualTokens, 'states' | 'deep' | 'owner' | 'vision' | 'memory'>

/** Token ids before the first view, between views, and behind the last: one list more than there are views. */
export type Written = readonly (readonly number[])[]

/** One view, with nothing around it. */
export const BARE: Written = [[], []]

/** What methods write around views, in tokens. */
export function writtenAround(
  views: readonly View[],
  encode: (text: string) => readonly number[],
  words: Pick<Words, 'ids'>,
): Written {
  const [texts, end] = [views.map(({ text }) => text), [undefined]]
  const gaps = [...texts, ...end].map((text, at) => (texts[at - 1]?.after ?? '') + (text?.before ?? ''))
  return gaps.map((gap) => encodeWords(gap, words, encode))
}

/** Tokens of views, v after v of the same picture, [b v, m, d] -> those of each picture together, [b, v m, d]. */
export function joinViews<Tokens extends Seen>(tokens: Tokens, views: number): Tokens {
  if (views === 1) return tokens
  const { states, deep, owner, memory } = tokens
  const batch = fixedDim('views', states, 0) / views
  const [, each, width] = states.shape
  const patches = owner.shape[1]
  const start = reshape(mul(arange(views), dimValue(each)), [1, views, 1])
  const apart = reshape(owner, [batch, views, patches])
  const together = (x: Tensor) => reshape(x, [batch, mulDim(views, x.shape[1]), x.shape[2]])
  return {
    ...tokens,
    states: reshape(states, [batch, mulDim(views, each), width]),
    ...(deep && { deep: together(deep) }),
    owner: reshape(select(less(apart, 0), apart, add(apart, start)), [batch, mulDim(views, patches)]),
    memory: Object.fromEntries(Object.entries(memory).map(([name, left]) => [name, together(left)])),
  }
}

/** Tokens of some views of each picture, then those of others, as those of all. */
export function joinParts<Tokens extends Seen>(parts: readonly Tokens[]): Tokens {
  const [first] = parts
  const joined = (of: (part: Tokens) => Tensor) => concat(parts.map(of), 1)
  let start: Dim = 0
  const owners = parts.map(({ owner, states }) => {
    const moved = select(less(owner, 0), owner, add(owner, dimValue(start)))
    start = addDim(start, states.shape[1])
    return moved
  })
  const names = Object.keys(first.memory)
  return {
    ...parts[parts.length - 1],
    states: joined(({ states }) => states),
    ...(first.deep && { deep: joined(({ deep }) => deep!) }),
    owner: concat(owners, 1),
    memory: Object.fromEntries(names.map((name) => [name, joined(({ memory }) => memory[name])])),
  }
}

/** The first slots of a sequence. */
export interface Opening {
  /** [b, s, d] */
  readonly states: Tensor
  /** What early layers are given of visual tokens, where a model gives them any. */
  readonly deep?: Tensor
  /** i64 [b, s] each. */
  readonly tags: Required<Pick<SlotTags, 'view' | 'row' | 'column' | 'token'>>
  /** Slots of visual tokens and of text, ascending: i64 [b, v], [b, t]; there may be no text. */
  readonly visual: Tensor
  readonly text?: Tensor
}

/** The tokens of joined views with what is written around them. Where something is, the number of tokens is fixed. */
export function openingOf(seen: Seen, written: Written, embed: (ids: Tensor) => Tensor): Opening {
  const tokens = rowNumbers(seen.states)
  const tags = { ...tagsOf(seen, tokens, written.length - 1), token: add(mul(tokens, 0), -1) }
  const ids = written.flat()
  if (ids.length === 0) return { states: seen.states, deep: seen.deep, tags, visual: tokens }
  const batch = seen.states.shape[0]
  const each = fixedDim('views', tokens, 1) / (written.length - 1)
  const rows = (values: readonly number[]) =>
    expand(constant(values, [1, values.length], 'i64'), [batch, values.length])
  const none = rows(ids.map(() => -1))
  const said = embed(constant(ids, [1, ids.length], 'i64'))
  const embeds = expand(said, [batch, ids.length, said.shape[2]])
  const between = (visual: Tensor, text: Tensor) => concat(inOrder(written, each).map(slicesOf(visual, text)), 1)
  const slots = slotsOf(written, each)
  return {
    states: between(seen.states, embeds),
    deep: seen.deep,
    tags: {
      view: between(tags.view, none),
      row: between(tags.row, none),
      column: between(tags.column, none),
      token: between(tags.token, rows(ids)),
    },
    visual: rows(slots.visual),
    text: rows(slots.text),
  }
}

function tagsOf(seen: Seen, tokens: Tensor, views: number) {
  if (tokens.shape[1] === 0) return { view: tokens, row: tokens, column: tokens }
  const tags = visualTags(seen, seen.vision.grid)
  if (views === 1) return tags
  const each = div(cast(dimValue(tokens.shape[1]), 'f32'), views)
  return { ...tags, view: cast(floor(div(add(cast(tokens, 'f32'), 0.5), each)), 'i64') }
}

interface Run {
  readonly of: 'visual' | 'text'
  readonly from: number
  readonly to: number
}

/** Runs of text and of views of `each` tokens, in the order in which they are written. */
function inOrder(written: Written, each: number): Run[] {
  let from = 0
  return written.flatMap(({ length }, at): Run[] => {
    const text: Run = { of: 'text', from, to: (from += length) }
    const view: Run = { of: 'visual', from: at * each, to: (at + 1) * each }
    return [...(length > 0 ? [text] : []), ...(at < written.length - 1 ? [view] : [])]
  })
}

const slicesOf =
  (visual: Tensor, text: Tensor) =>
  ({ of, from, to }: Run): Tensor =>
    slice(of === 'text' ? text : visual, 1, from, to)

function slotsOf(written: Written, each: number): Record<Run['of'], readonly number[]> {
  const kinds = inOrder(written, each).flatMap(({ of, from, to }) => new Array<Run['of']>(to - from).fill(of))
  const slots = (of: Run['of']) => kinds.flatMap((kind, slot) => (kind === of ? [slot] : []))
  return { visual: slots('visual'), text: slots('text') }
}
