import { createScope } from '../../src/nn/index.ts'
import type { Method, Site } from '../../src/pipeline/method/method.ts'
import { allPatches, type VisualTokens } from '../../src/pipeline/method/visual-tokens.ts'
import { constant, evaluate } from '../../src/tensor/index.ts'
import { ndarray } from '../../src/tensor/ndarray.ts'
import { firstValue } from '../../src/training/initialise.ts'

type Rows = readonly (readonly number[])[]

/** Patches of one view whose features, keys and attention are known; one head, CLS first where `cls` is given. */
export interface Patches {
  readonly features: Rows
  readonly keys?: Rows
  /** Attention of CLS to each patch. */
  readonly cls?: readonly number[]
  /** Of each layer, what each patch gives (rows) to each (columns); zeros when absent. */
  readonly attention?: readonly Rows[]
  readonly logits?: Rows
  readonly grid?: { readonly rows: number; readonly columns: number }
}

export function tokensOf({ features, keys = features, cls, attention, logits, grid }: Patches): VisualTokens {
  const [n, width, special] = [features.length, features[0].length, cls ? 1 : 0]
  const side = special + n
  const square = (rows?: Rows, first?: readonly number[]) => {
    const values = new Float32Array(side * side)
    if (first) values.set(first, special)
    for (const [at, row] of (rows ?? []).entries()) values.set(row, (special + at) * side + special)
    return constant(values, [1, 1, side, side])
  }
  const places = grid ?? { rows: 1, columns: n }
  const hidden = constant(new Float32Array(side * width), [1, side, width])
  const layerOf = (rows?: Rows) => ({
    input: { states: hidden, special, grid: places },
    hidden,
    keys: constant([...new Array(special * keys[0].length).fill(0), ...keys.flat()], [1, side, keys[0].length]),
    attention: square(rows, cls),
    logits: square(logits),
  })
  const layers = (attention ?? [undefined]).map(layerOf)
  return allPatches({ layers, patches: constant(features.flat(), [1, n, width]), special, grid: places })
}

export interface Seen {
  readonly states: readonly (readonly number[])[]
  /** For each patch the token that it went into, or -1. */
  readonly owner: readonly number[]
  /** Patches that are part of some token. */
  readonly kept: readonly number[]
}

/**
 * What a method makes of patches at the places of `see`, in their order; the connector of the model changes nothing.
 * @param weights of the method, by name; as they are before training where they are not given
 */
export function seen(
  { see }: Method,
  tokens: VisualTokens,
  site: Partial<Site> = {},
  weights: Readonly<Record<string, readonly number[]>> = {},
): Seen {
  const at = {
    p: createScope(),
    reached: () => {},
    memory: {},
    architecture: { vision: {} },
    ...site,
  } as unknown as Site
  const chosen = see?.patches?.(tokens, at) ?? tokens
  const connected = see?.connector?.(chosen, (x) => x, at) ?? chosen
  const left = see?.tokens ? { ...connected, ...see.tokens(connected, at) } : connected
  const leaves = [...at.p.parameters].map(([name, leaf]) => {
    const value = weights[name] ?? [...firstValue(at.p, name, { seed: 1, depth: 1 })]
    return [leaf, ndarray(leaf.shape.map(Number), [...value])] as const
  })
  const [states, owner] = evaluate([left.states, left.owner], new Map(leaves))
  const width = Number(left.states.shape[2])
  const owners = [...owner.data]
  return {
    states: Array.from({ length: states.data.length / width }, (_, row) => [
      ...states.data.slice(row * width, (row + 1) * width),
    ]),
    owner: owners,
    kept: owners.flatMap((token, patch) => (token >= 0 ? [patch] : [])),
  }
}

/** Unit vectors at angles in degrees. */
export const directions = (...degrees: readonly number[]): number[][] =>
  degrees.map((angle) => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)])

/** n numbers that look random, in rows of a width. */
export function noise(n: number, width: number, seed = 1): number[][] {
  let state = seed
  const next = () => {
    state = (state * 16807) % 2147483647
    return state / 2147483647 - 0.5
  }
  return Array.from({ length: n }, () => Array.from({ length: width }, next))
}

/** Mean cosine of all pairs of rows. */
export function likeness(rows: Rows): number {
  const unit = rows.map((row) => row.map((x) => x / Math.hypot(...row)))
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, at) => sum + x * b[at], 0)
  const pairs = unit.flatMap((a, i) => unit.slice(i + 1).map((b) => dot(a, b)))
  return pairs.reduce((sum, x) => sum + x, 0) / pairs.length
}
