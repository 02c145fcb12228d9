import { buildMethod } from '../../src/papers/methods.ts'
import type { Paper } from '../../src/papers/paper.ts'
import type { GatheredTokens } from '../../src/pipeline/method/visual-tokens.ts'
import { constant, evaluate, type Tensor } from '../../src/tensor/index.ts'
import { siteOf } from '../papers/site.ts'

/** Tokens of frames whose numbers are known, [f][n][d], and what was noted of each, [f][n]. */
export function tokensOf(
  frames: readonly (readonly (readonly number[])[])[],
  signals: Readonly<Record<string, readonly (readonly number[])[]>> = {},
): GatheredTokens {
  const [count, each, width] = [frames.length, frames[0].length, frames[0][0].length]
  const places = Array.from({ length: count }, () => Array.from({ length: each }, (_, at) => at))
  return {
    states: constant(frames.flat(2), [count, each, width]),
    owner: constant(places.flat(), [count, each], 'i64'),
    signals: Object.fromEntries(
      Object.entries(signals).map(([name, values]) => [name, constant(values.flat(), [count, each])]),
    ),
    memory: {},
    changedBy: [],
    frames: { count, each },
  }
}

export const numbers = (x: Tensor): number[] => [...evaluate([x], new Map())[0].data]

/** Rows of numbers, [n][d]. */
export function rowsOf(x: Tensor): number[][] {
  const [{ data, shape }] = evaluate([x], new Map())
  const width = shape[shape.length - 1]
  return Array.from({ length: data.length / width }, (_, at) => [...data.slice(at * width, (at + 1) * width)])
}

/** What a method at `see.tokens` leaves of frames: places, tokens, and the new token of each old one. */
export function left(entry: Paper, options: object, tokens: GatheredTokens) {
  const { see } = buildMethod(entry, { ...options })
  const made = see!.tokens!(tokens, siteOf())
  const places = made.places ? numbers(made.places) : undefined
  return { places, states: rowsOf(made.states), owner: numbers(made.owner), made }
}

/** A vector of two numbers at an angle in degrees. */
export const angle = (degrees: number): number[] => [
  Math.cos((degrees * Math.PI) / 180),
  Math.sin((degrees * Math.PI) / 180),
]
