/** NVLM-X: tiles beside the sequence, which text looks at through gated cross-attention. */
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

/** @param words tags, one before each view */
export function crossAttention(words: readonly string[], { every }: { readonly every?: number }): PlaceFunctions {
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
        const none = keepTokens(made, slice(made.owner, 1, 0, 0), ID)
        const crossed = layers.filter((layer) => isCrossed(layer, at))
        return crossed.reduce((left, layer) => leave(left, bankOf(layer), bank(at, layer, made), ID), none)
      },
    },
    read: {
      layer: (seq, next, at) => next(isCrossed(at.layer, at) ? looked(seq, at, words) : seq),
    },
  }
}

const bankOf = (layer: number): string => `nvlm.${layer}`

/** K, V and, where a view begins, 1, of its tokens [b, n, d]: [b, n, 2 hk w + 1]. Computed once for a picture. */
function bank({ p, architecture }: Site, layer: number, { states }: VisualTokens): Tensor {
  const { keyValue, width } = architecture.language.heads
  const made = ['k_proj', 'v_proj'].map((name) => linear(p.at('layers', layer, name), states, keyValue * width, false))
  const ones = expand(constant([1], [1, 1, 1]), [states.shape[0], 1, 1])
  return concat([...made, pad(ones, 1, 0, fixedDim(ID, states, 1) - 1)], 2)
}

/** h + tanh(g) CrossAttn(Norm(h), bank). */
function looked(seq: Sequence, at: LayerSite, words: readonly string[]): Sequence {
  const { count, keyValue, width } = at.architecture.language.heads
  const p = at.p.at('layers', at.layer)
  const rows = recall(at, bankOf(at.layer), ID)
  const part = (from: number, to: number) => slice(rows, 2, from * keyValue * width, to * keyValue * width)
  const view = sub(cumsum(cast(slice(rows, 2, 2 * keyValue * width), 'i64'), 1), 1) // [b, n, 1]
  const x = seq.states
  const queries = splitHeads(linear(p.at('q_proj'), rmsNormed(p.at('norm'), x, PRECISION), count * width, false), count)
  // A row of zeros, for slots that see no tile.
  const held = (of: Tensor) => splitHeads(pad(of, 1, 0, 1), keyValue)
  const weights = attentionWeights(queries, held(part(0, 1)), tileMask(seq, view, tagIds(at, words)))
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
export function tileMask({ states, tags }: Sequence, view: Tensor, ids: readonly number[]): Tensor {
  const token = tags?.token
  if (!token) throw methodError(`${ID} finds tags by their tokens, but this sequence does not say them`)
  const [batch, length] = states.shape
  const isTag = ids.map((id) => equal(token, id)).reduce((a, b) => or(a, b))
  const before = cumsum(cast(isTag, 'i64'), 1) // tags so far, this one too
  const wide = (x: Tensor) => reshape(x, [batch, length, 1])
  const key = reshape(view, [view.shape[0], 1, view.shape[1]])
  const own = and(wide(isTag), equal(key, sub(wide(before), 1)))
  const behind = and(wide(not(isTag)), less(key, wide(before)))
  const isLater = equal(reshape(max(before, 1), [batch, 1, 1]), 0)
  const mask = select(or(isLater, or(own, behind)), 0, HIDDEN)
  const nothing = expand(constant([NOTHING], [1, 1, 1]), [batch, length, 1])
  return reshape(concat([mask, nothing], 2), [batch, 1, length, addDim(view.shape[1], 1)])
}
