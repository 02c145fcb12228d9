/** Several views as one run of tokens: what a family's `PackedSlot`s say, in the graph. */
import {
  add,
  and,
  arange,
  argsort,
  cast,
  concat,
  constant,
  cumsum,
  dimValue,
  div,
  equal,
  gather,
  greater,
  greaterEqual,
  less,
  maskedIndices,
  max,
  maximum,
  min,
  mul,
  mulDim,
  not,
  or,
  reshape,
  scatterAdd,
  select,
  slice,
  sub,
  subDim,
  sum,
  type Tensor,
  takeAlong,
} from '../../tensor/index.ts'
import { PLACE } from '../method/ids.ts'
import type { GatheredTokens } from '../method/visual-tokens.ts'

/** In which order the patches of all views enter the prompt, as one run: s slots, each a mix of at most k patches. */
export interface Packing {
  /** Patches counted through all views, -1 where a slot has fewer; a slot with none separates rows. i64 [s, k]. */
  readonly patches: Tensor
  /** How much each of them counts, 1 in all: f32 [s, k]. */
  readonly weights: Tensor
  /** The row of places that a slot is in, or ends: i64 [s]. */
  readonly rows: Tensor
  /** Every patch is a token of its own still, so that no slot goes and the size of the result is known. */
  readonly whole?: boolean
}

/** What is left of each share of a slot. */
interface Shares {
  /** Its token, counted through all views, -1 where there is none: i64 [s, k]. */
  readonly tokens: Tensor
  /** f32 [s, k], 0 where there is none. */
  readonly weights: Tensor
  /** Whether its token comes here for the first time: bool [s, k]. */
  readonly first: Tensor
}

/**
 * The tokens of all views [v, m, d] as one run [1, s, d], with `separator` [d] where slots say so. A token that stands for
 * several patches comes where the first of them does; a slot whose patches were dropped is left out, and so is the
 * separator of a row whose tokens are all gone.
 */
export function packTokens<Tokens extends GatheredTokens>(tokens: Tokens, packing: Packing, separator: Tensor): Tokens {
  const owned = tokenOfPatch(tokens) // [v n]
  const shares = sharesOf(owned, packing)
  const slots = mixedRows(tokens.states, shares, separator)
  const keep = keptSlots(shares, packing) // [s]
  const left = packing.whole ? arange(slots.shape[0]) : maskedIndices(keep, 'packed')
  const mixed = packing.whole ? slots : gather(slots, left)
  const [views, count] = tokens.states.shape
  const owner = placeOfToken(shares, keep, mulDim(views, count), owned)
  const [length, width] = mixed.shape
  return {
    ...tokens,
    states: reshape(mixed, [1, length, width]),
    owner: reshape(owner, [1, owner.shape[0]]),
    signals: {
      ...mixedSignals(tokens.signals, shares, packing.whole ? undefined : left),
      // Where tokens keep their places, those of a picture are its slots.
      ...(tokens.span !== undefined && { [PLACE]: reshape(cast(left, 'f32'), [1, length]) }),
    },
    span: tokens.span && slots.shape[0],
  }
}

/** What was noted of tokens [v, m], mixed as they are, 0 for a separator: [1, s] each. */
function mixedSignals(signals: GatheredTokens['signals'], shares: Shares, left?: Tensor): GatheredTokens['signals'] {
  const mixed = (signal: Tensor) => {
    const [views, count] = signal.shape
    const slots = mixedRows(reshape(signal, [views, count, 1]), shares, constant([0], [1])) // [s, 1]
    const those = left ? gather(slots, left) : slots
    return reshape(those, [1, those.shape[0]])
  }
  return Object.fromEntries(Object.entries(signals).map(([name, signal]) => [name, mixed(signal)]))
}

/** For each patch of all views the token that it is part of, counted through all of them, or -1: i64 [v n]. */
function tokenOfPatch({ states, owner }: GatheredTokens): Tensor {
  const [views, patches] = owner.shape
  const starts = reshape(mul(arange(views), dimValue(states.shape[1])), [views, 1])
  return reshape(select(less(owner, 0), -1, add(owner, starts)), [mulDim(views, patches)])
}

function sharesOf(owned: Tensor, { patches, weights }: Packing): Shares {
  const found = gather(owned, maximum(patches, 0))
  const tokens = select(less(patches, 0), -1, found)
  const there = greaterEqual(tokens, 0)
  return { tokens, weights: select(there, weights, 0), first: and(there, isFirst(tokens)) }
}

/** Whether no share before it, slot by slot, has the same token: bool [s, k]. */
function isFirst(tokens: Tensor): Tensor {
  const [slots, most] = tokens.shape
  const length = mulDim(slots, most)
  const flat = reshape(tokens, [length])
  const order = argsort(flat) // equal ones keep their order
  const sorted = takeAlong(flat, order)
  const before = concat([slice(sorted, 0, 0, 1), slice(sorted, 0, 0, subDim(length, 1))], 0)
  const changes = or(not(equal(sorted, before)), equal(arange(length), 0))
  return equal(reshape(scatterAdd([length], order, cast(changes, 'i64'), 0), [slots, most]), 1)
}

/** The weighted mean of what is left of each slot's tokens, [s, d]; the separator where a slot has no patches. */
function mixedRows(states: Tensor, { tokens, weights }: Shares, separator: Tensor): Tensor {
  const [views, count, width] = states.shape
  const [slots, most] = tokens.shape
  const rows = concat([reshape(states, [mulDim(views, count), width]), reshape(separator, [1, width])], 0)
  const last = dimValue(mulDim(views, count)) // the separator's row
  const chosen = gather(rows, select(less(tokens, 0), last, tokens)) // [s, k, d]
  if (most === 1) return reshape(chosen, [slots, width])
  const total = sum(weights, 1, true)
  const shares = select(greater(total, 0), div(weights, maximum(total, 1e-12)), alone(weights))
  return sum(mul(chosen, reshape(shares, [slots, most, 1])), 1)
}

/** 1 for the first of each row and 0 for the others, in the shape of x [s, k]. */
function alone(x: Tensor): Tensor {
  const one = cast(equal(arange(x.shape[1]), 0), 'f32')
  return add(mul(x, 0), one)
}

/** bool [s]. */
function keptSlots({ tokens, first }: Shares, { patches, rows }: Packing): Tensor {
  const isPlace = greater(max(patches, 1), -1)
  const largest = max(tokens, 1)
  const isThere = greaterEqual(largest, 0)
  const smallest = min(select(less(tokens, 0), reshape(largest, [tokens.shape[0], 1]), tokens), 1)
  const brings = greater(max(cast(first, 'i64'), 1), 0)
  const isMixed = greater(largest, smallest)
  const perRow = (mask: Tensor) => gather(scatterAdd(rows.shape, rows, cast(mask, 'i64'), 0), rows)
  const ends = or(greater(perRow(isThere), 0), equal(perRow(isPlace), 0))
  return or(and(isPlace, and(isThere, or(brings, isMixed))), and(not(isPlace), ends))
}

/** For each patch the place of its token among the slots that are kept, or -1: i64 [v n]. */
function placeOfToken(
  { tokens, first }: Shares,
  keep: Tensor,
  count: ReturnType<typeof mulDim>,
  owned: Tensor,
): Tensor {
  const [slots, most] = tokens.shape
  const length = mulDim(slots, most)
  const places = reshape(cumsum(cast(keep, 'i64'), 0), [slots, 1]) // counted from 1
  const where = reshape(select(first, tokens, 0), [length])
  const value = reshape(mul(cast(first, 'i64'), places), [length])
  const placed = sub(scatterAdd([count], where, value, 0), 1) // of each token
  return select(less(owned, 0), -1, gather(placed, maximum(owned, 0)))
}
