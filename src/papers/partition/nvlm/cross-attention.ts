/** NVLM-X and NVLM-H: tiles beside the sequence, which is made to look at them by gated cross-attention. */
import { attend, attentionWeights, linear, mergeHeads, rmsNormed, splitHeads, zeros } from '../../../nn/index.ts'
import { leave, recall } from '../../../pipeline/method/memory.ts'
import type { LayerSite, PlaceFunctions, Site } from '../../../pipeline/method/method.ts'
import { methodError } from '../../../pipeline/method/method-error.ts'
import type { Sequence } from '../../../pipeline/method/sequence.ts'
import { keepTokens, type VisualTokens } from '../../../pipeline/method/visual-tokens.ts'
import {
  add,
  addDim,
  and,
  cast,
  concat,
  constant,
  cumsum,
  equal,
  expand,
  fixedDim,
  gather,
  less,
  max,
  mul,
  not,
  or,
  pad,
  reshape,
  select,
  slice,
  sub,
  type Tensor,
  tanh,
} from '../../../tensor/index.ts'

const ID = 'nvlm'

/** How often a model looks, whatever its depth. */
const LOOKS = 10

const PRECISION = 1e-6

interface Often {
  /** Layers from one that looks to the next. */
  readonly every?: number
}

/** @param words tags, one before each view */
export const crossAttention = (words: readonly string[], often: Often): PlaceFunctions =>
  looking(words, often, {
    keeps: (made) => keepTokens(made, slice(made.owner, 1, 0, 0), ID),
    bank: (at, layer, { states }) => concat([rowsOf(at, layer, states), beginnings(states)], 2),
    // Marked is where a view begins.
    mask: (seq, marks, at) => tileMask(seq, sub(cumsum(marks, 1), 1), tagIds(at, words)),
  })

/** @param words the tag of a thumbnail; `tiles` is the most of an image */
export const hybrid = (
  words: readonly string[],
  { tiles, ...often }: Often & { readonly tiles: number },
): PlaceFunctions => {
  const { needs, ...places } = looking(words, often, {
    keeps: (made, { tile }) => (tile ? keepTokens(made, slice(made.owner, 1, 0, 0), ID) : made),
    bank: (at, layer, { states }) => {
      const tagged = concat([tagOf(at, states, tiles), states], 1)
      const rows = pad(rowsOf(at, layer, tagged), 2, 0, 1)
      // Behind the tiles of an image: nothing to look at, but where it ends.
      return at.tile
        ? rows
        : pad(expand(constant([1], [1, 1, 1]), [states.shape[0], 1, 1]), 2, fixedDim(ID, rows, 2) - 1, 0)
    },
    mask: (seq, marks, at) => imageMask(seq, marks, tagIds(at, words)),
  })
  return { ...places, needs: { ...needs, tiles: true } }
}

/** The row of each tile's tag, [b, 1, d]. */
function tagOf({ p, tile }: Site, { shape: [batch, , d] }: Tensor, tiles: number): Tensor {
  const none = expand(constant([0], [1], 'i64'), [batch])
  return reshape(gather(p('tags', [tiles, d]), tile ?? none), [batch, 1, d])
}

interface Form {
  /** What stands in the sequence. */
  keeps(made: VisualTokens, at: Site): VisualTokens
  /** K, V and a mark of each row beside it, [b, n, 2 hk w + 1]. Computed once for a picture. */
  bank(at: Site, layer: number, made: VisualTokens): Tensor
  /** What slots see of the rows, and of a row of zeros behind them: [b, 1, s, n + 1]. */
  mask(seq: Sequence, marks: Tensor, at: LayerSite): Tensor
}

function looking(words: readonly string[], { every }: Often, form: Form): PlaceFunctions {
  const isCrossed = (layer: number, { architecture }: Site) => {
    const { layers } = architecture.language
    return layer % (every ?? Math.max(1, Math.round(layers / LOOKS))) === 0
  }
  return {
    needs: { words },
    see: {
      connector: (tokens, next, at) => {
        const made = next(tokens)
        const layers = Array.from({ length: at.architecture.language.layers }, (_, layer) => layer)
        const crossed = layers.filter((layer) => isCrossed(layer, at))
        const left = (kept: VisualTokens, layer: number) => leave(kept, bankOf(layer), form.bank(at, layer, made), ID)
        return crossed.reduce(left, form.keeps(made, at))
      },
    },
    read: {
      layer: (seq, next, at) => next(isCrossed(at.layer, at) ? looked(seq, at, form) : seq),
    },
  }
}

const bankOf = (layer: number): string => `nvlm.${layer}`

/** K and V of tokens [b, n, d], side by side. */
function rowsOf({ p, architecture }: Site, layer: number, states: Tensor): Tensor {
  const { keyValue, width } = architecture.language.heads
  const made = ['k_proj', 'v_proj'].map((name) => linear(p.at('layers', layer, name), states, keyValue * width, false))
  return concat(made, 2)
}

/** 1 for the first of some tokens, [b, n, 1]. */
function beginnings(states: Tensor): Tensor {
  const ones = expand(constant([1], [1, 1, 1]), [states.shape[0], 1, 1])
  return pad(ones, 1, 0, fixedDim(ID, states, 1) - 1)
}

/** h + tanh(g) CrossAttn(Norm(h), bank). */
function looked(seq: Sequence, at: LayerSite, form: Form): Sequence {
  const { count, keyValue, width } = at.architecture.language.heads
  const p = at.p.at('layers', at.layer)
  const rows = recall(at, bankOf(at.layer), ID)
  const part = (from: number, to: number) => slice(rows, 2, from * keyValue * width, to * keyValue * width)
  const marks = cast(slice(rows, 2, 2 * keyValue * width), 'i64') // [b, n, 1]
  const x = seq.states
  const queries = splitHeads(linear(p.at('q_proj'), rmsNormed(p.at('norm'), x, PRECISION), count * width, false), count)
  // A row of zeros, for slots that see no tile.
  const held = (of: Tensor) => splitHeads(pad(of, 1, 0, 1), keyValue)
  const weights = attentionWeights(queries, held(part(0, 1)), form.mask(seq, marks, at))
  const found = linear(p.at('o_proj'), mergeHeads(attend(weights, held(part(1, 2)))), fixedDim(ID, x, 2), false)
  return { ...seq, states: add(x, mul(tanh(p('gate', [1], zeros)), found)) }
}

const tagIds = ({ words: known }: Site, words: readonly string[]): number[] => words.map((word) => known.get(word)!)

/** What is hidden, and what the row of zeros counts, which is seen where nothing else is. */
const [HIDDEN, NOTHING] = [-1e9, -5e8]

/**
 * 0 where a slot sees a token: a tag those of its own view, the i-th tag those of view i; other text those of the views
 * before it. A chunk without tags comes behind all views. Views [b, n, 1] -> [b, 1, s, n + 1].
 */
export function tileMask(seq: Sequence, view: Tensor, ids: readonly number[]): Tensor {
  const { isTag, before, isLater } = tagsIn(seq, ids)
  const key = reshape(view, [view.shape[0], 1, view.shape[1]])
  const own = and(isTag, equal(key, sub(before, 1)))
  const behind = and(not(isTag), less(key, before))
  return withNothing(or(isLater, or(own, behind)))
}

/**
 * 0 where a slot sees a row of a tile: from the tag of an image's thumbnail on those of that image, and of all before it. The
 * rows behind the tiles of an image, marked 1 [b, n, 1], are seen by none. A chunk without tags comes behind all images.
 */
export function imageMask(seq: Sequence, marks: Tensor, ids: readonly number[]): Tensor {
  const { before, isLater } = tagsIn(seq, ids)
  const [batch, count] = marks.shape
  const asKey = (x: Tensor) => reshape(x, [batch, 1, count])
  const image = asKey(sub(cumsum(marks, 1), marks))
  return withNothing(and(equal(asKey(marks), 0), or(isLater, less(image, before))))
}

/** Of each slot, [b, s, 1]: whether it is a tag, how many there are so far, this one too; and whether there is none at all. */
function tagsIn({ states, tags }: Sequence, ids: readonly number[]) {
  const token = tags?.token
  if (!token) throw methodError(`${ID} finds tags by their tokens, but this sequence does not say them`)
  const [batch, length] = states.shape
  const isTag = ids.map((id) => equal(token, id)).reduce((a, b) => or(a, b))
  const before = cumsum(cast(isTag, 'i64'), 1)
  const wide = (x: Tensor) => reshape(x, [batch, length, 1])
  return { isTag: wide(isTag), before: wide(before), isLater: equal(reshape(max(before, 1), [batch, 1, 1]), 0) }
}

/** What is seen, bool [b, s, n], as a mask over these rows and the row of zeros: [b, 1, s, n + 1]. */
function withNothing(isSeen: Tensor): Tensor {
  const [batch, length, rows] = isSeen.shape
  const nothing = expand(constant([NOTHING], [1, 1, 1]), [batch, length, 1])
  return reshape(concat([select(isSeen, 0, HIDDEN), nothing], 2), [batch, 1, length, addDim(rows, 1)])
}
