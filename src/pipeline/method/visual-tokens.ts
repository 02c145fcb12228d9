import { assertArgument } from '../../errors.ts'
import type { TowerFeatures } from '../../models/vision/tower.ts'
import type { Grid, VisionFeatures } from '../../models/vision-side.ts'
import {
  add,
  arange,
  cast,
  constant,
  type Dim,
  div,
  equal,
  fixedDim,
  greaterEqual,
  less,
  matmul,
  maximum,
  mul,
  reshape,
  scatterAdd,
  select,
  slice,
  sub,
  sum,
  type Tensor,
  takeAlong,
} from '../../tensor/index.ts'
import { methodError } from './method-error.ts'
import { gatherRows, rangeLike, rowNumbers } from './rows.ts'

/** What a further encoder computed for the same views. */
export interface EncoderFeatures extends TowerFeatures {
  /** Tokens before the patches in every layer. */
  readonly special: number
}

/** The frames of a video one after another, each with so many tokens; what separates rows comes behind all of them. */
export interface FrameLayout {
  readonly count: number
  readonly each: number
}

/** The tokens of a picture, and where each came from. Everything that drops or merges tokens returns a new set. */
export interface GatheredTokens {
  /** [b, m, d] */
  readonly states: Tensor
  /** For each patch of the image the token that it is part of, or -1 where it was dropped: i64 [b, n]. */
  readonly owner: Tensor
  /** What each is given behind the first layers of a language model that wants it, side by side: [b, m, layers * d]. */
  readonly deep?: Tensor
  /** What was noted of each token while the vision encoder could be read, by name: f32 [b, m]. */
  readonly signals: Readonly<Record<string, Tensor>>
  /** What is left for the language model beside the tokens, by name: [b, n, d] each. */
  readonly memory: Readonly<Record<string, Tensor>>
  /**
   * Positions that the tokens take in the prompt, where each keeps its own, gaps included (`ids.ts`); absent: they stand one
   * after another.
   */
  readonly span?: Dim
  /** Who changed the number or meaning of the tokens, in order. */
  readonly changedBy: readonly string[]
  /** Of a video: how its tokens were laid out before any method changed their number. */
  readonly frames?: FrameLayout
  /** Of a video of which some tokens are left: the place that each has, counted through all frames: i64 [1, m]. */
  readonly places?: Tensor
  /** Who left something that holds for these tokens only; they cannot be changed any more. */
  readonly reliedOnBy?: string
}

/** The tokens of views on their way from the vision encoder through the connector. */
export interface VisualTokens extends GatheredTokens {
  /** What the vision encoder computed for the n patches. */
  readonly vision: VisionFeatures
  /** What further encoders of methods computed, by name. */
  readonly encoders: Readonly<Record<string, EncoderFeatures>>
}

/** All patches that a vision encoder left, each its own token. */
export function allPatches(vision: VisionFeatures, encoders: VisualTokens['encoders'] = {}): VisualTokens {
  const { patches: states, owner = rowNumbers(states), changedBy = [], deep } = vision
  return { states, owner, vision, encoders, signals: {}, memory: {}, changedBy, ...(deep && { deep }) }
}

/**
 * The grid that the tokens are, patch by patch. Throws FoveaError `method_unfit` where a method changed them, or where the
 * encoder hands over more than its patches.
 */
export function patchGrid(tokens: VisualTokens, by: string): Grid {
  assertPatches(tokens, by)
  const { grid } = tokens.vision
  const count = fixedDim(by, tokens.states, 1)
  if (count === grid.rows * grid.columns) return grid
  throw methodError(
    `${by} reads a grid of ${grid.rows} x ${grid.columns} patches, but this encoder hands over ${count} tokens; use a model without tokens beside its patches`,
  )
}

/** Keeps the tokens at `indices` (i64 [b, k]), in that order. */
export function keepTokens<Tokens extends GatheredTokens>(tokens: Tokens, indices: Tensor, by: string): Tokens {
  assertTokens('keepTokens', tokens)
  assertArgument('keepTokens', 'indices', indices, 'tensor')
  const assignment = scatterPlaces(tokens.states.shape[1], indices, rangeLike(indices))
  const signals = Object.entries(tokens.signals).map(([name, signal]) => [name, takeAlong(signal, indices)])
  const kept = regroup({ ...tokens, places: undefined }, gatherRows(tokens.states, indices), assignment, by)
  const deep = tokens.deep && { deep: gatherRows(tokens.deep, indices) }
  const places = tokens.places && takeAlong(tokens.places, indices)
  return { ...kept, ...deep, signals: Object.fromEntries(signals), span: tokens.span, places }
}

/** For m tokens, the new place of each: `places[i]` where `indices` names it, -1 elsewhere; i64 [b, m]. */
export function scatterPlaces(m: Dim, indices: Tensor, places: Tensor): Tensor {
  return sub(scatterAdd([indices.shape[0], m], indices, add(places, 1)), 1)
}

/**
 * Replaces the tokens by `states` [b, m', d]; `assignment` [b, m] says which new token each old one is part of, or -1. What
 * was noted of the old ones is forgotten.
 */
export function regroup<Tokens extends GatheredTokens>(
  tokens: Tokens,
  states: Tensor,
  assignment: Tensor,
  by: string,
): Tokens {
  assertTokens('regroup', tokens)
  assertArgument('regroup', 'states', states, 'tensor')
  assertArgument('regroup', 'assignment', assignment, 'tensor')
  const { reliedOnBy: left } = tokens
  if (left)
    throw methodError(`${by} changes the visual tokens, but ${left} before it relies on them; use one of the two`)
  if (tokens.places)
    throw methodError(
      `${by} merges tokens, but ${lastMethod(tokens)} before it left other numbers of them in each frame; put ${by} first`,
    )
  const looked = takeAlong(assignment, maximum(tokens.owner, 0))
  const owner = select(less(tokens.owner, 0), constant([-1], [], 'i64'), looked)
  const deep = tokens.deep && { deep: membersMean(tokens.deep, assignment, states.shape[1]) }
  return { ...tokens, states, owner, ...deep, signals: {}, span: undefined, changedBy: [...tokens.changedBy, by] }
}

/** Means of the rows [b, m, d] that are assigned to each of `count` places, 0 where none is: [b, count, d]. */
function membersMean(rows: Tensor, assignment: Tensor, count: Dim): Tensor {
  const [batch, m] = assignment.shape
  const isMember = equal(reshape(assignment, [batch, 1, m]), reshape(arange(count), [1, count, 1]))
  const members = cast(isMember, 'f32') // [b, count, m]
  return div(matmul(members, rows), maximum(reshape(sum(members, 2), [batch, count, 1]), 1))
}

/** The same tokens with something noted of each, f32 [b, m], for places that cannot read the vision encoder any more. */
export const noteSignal = <Tokens extends GatheredTokens>(tokens: Tokens, name: string, signal: Tensor): Tokens => ({
  ...tokens,
  signals: { ...tokens.signals, [name]: signal },
})

/**
 * What was noted of tokens [b, n], for tokens that several of them went into: the mean over those, 0 for one that none did.
 * `assignment` i64 [b, n] says into which, `count` how many there are.
 */
export function meanSignals(
  signals: GatheredTokens['signals'],
  assignment: Tensor,
  count: Dim,
): GatheredTokens['signals'] {
  const [isLeft, into] = [cast(greaterEqual(assignment, 0), 'f32'), maximum(assignment, 0)]
  const total = (values: Tensor) => scatterAdd([assignment.shape[0], count], into, mul(values, isLeft))
  const mean = (signal: Tensor) => div(total(signal), maximum(total(isLeft), 1))
  return Object.fromEntries(Object.entries(signals).map(([name, signal]) => [name, mean(signal)]))
}

/** What was noted under a name. Throws FoveaError `method_unfit`. */
export function signalOf({ signals }: GatheredTokens, name: string, by: string): Tensor {
  if (signals[name]) return signals[name]
  throw methodError(`${by} reads ${name} of each token, but nothing before it noted that`)
}

/** How many tokens are left of a view, where only its pixels tell; at most as many as it has patches. */
export const LEFT_OF_VIEW = 'leftOfView'

const CONNECTOR = 'the connector of '

/** How the connector of a model is called among those that changed tokens. */
export const connectorOf = (model: string): string => `${CONNECTOR}${model}`

/** The last method that changed the number or meaning of the tokens; a connector does so for every view alike. */
export const lastMethod = ({ changedBy }: Pick<GatheredTokens, 'changedBy'>): string | undefined =>
  changedBy.findLast((by) => !by.startsWith(CONNECTOR))

/** Vision signals are per patch: a method that reads them must come before any that changed the tokens. */
export function assertPatches(tokens: GatheredTokens, by: string): void {
  if (tokens.changedBy.length)
    throw methodError(
      `${by} reads the vision encoder patch by patch, but ${tokens.changedBy.at(-1)} before it has already changed the tokens; put ${by} first`,
    )
}

/** A vision layer by index, negative from the end; throws where the encoder has no such layer. */
export function visionLayer(tokens: VisualTokens, index: number) {
  const layer = tokens.vision.layers.at(index)
  if (!layer)
    throw methodError(`the vision encoder has ${tokens.vision.layers.length} layers, there is no layer ${index}`)
  return layer
}

/** Attention of CLS to every patch at a layer: [b, h, n]. */
export function clsAttention(tokens: VisualTokens, layer: number, by: string): Tensor {
  assertTokens('clsAttention', tokens)
  const { attention } = visionLayer(tokens, layer)
  const { special } = tokens.vision
  if (special === 0)
    throw methodError(
      `${by} reads what CLS attends to, but this vision encoder has no CLS token; use a method that needs none`,
    )
  const row = slice(slice(attention, 2, 0, 1), 3, special)
  return reshape(row, [row.shape[0], row.shape[1], row.shape[3]])
}

/** State of CLS at a layer, [b, 1, d]. */
export function clsState(tokens: VisualTokens, layer: number, by: string): Tensor {
  if (tokens.vision.special === 0)
    throw methodError(`${by} reads CLS, this vision encoder has none; use the mean of its patches`)
  return slice(visionLayer(tokens, layer).hidden, 1, 0, 1)
}

/** Keys of every patch at a layer, [b, n, d]. */
export function patchKeys(tokens: VisualTokens, layer: number): Tensor {
  assertTokens('patchKeys', tokens)
  return slice(visionLayer(tokens, layer).keys, 1, tokens.vision.special)
}

/** Throws FoveaError `argument_invalid` for what is not what the places of `see` are given. */
function assertTokens(of: string, tokens: GatheredTokens): void {
  assertArgument(of, 'tokens.states', tokens?.states, 'tensor')
}
