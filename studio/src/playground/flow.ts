/** The visual tokens of an answer as bands: how wide they are at each stop, what joins and what falls out between two. */
import type { Report } from '../api/types.ts'
import { type Stop, stopsOf } from './patches.ts'

export interface Step {
  readonly from: Stop
  readonly to: Stop
  /** Tokens that go on alone, that join others, and that fall out. */
  readonly stay: number
  readonly join: number
  readonly drop: number
}

export function stepsOf(report: Report): Step[] {
  const stops = stopsOf(report)
  return stops.slice(1).map((to, at) => {
    const from = stops[at]
    const less = Math.max(0, from.tokens - to.tokens)
    // Before the language model a patch without a token was dropped; all others that are fewer now have joined.
    const gone = from.isPicture ? report.patches.flat().filter((token) => token < 0).length : less
    const drop = Math.min(less, gone)
    return { from, to, stay: Math.min(from.tokens, to.tokens), join: less - drop, drop }
  })
}
