import { assertArgument } from '../../errors.ts'
import type { Paper } from '../paper.ts'
import { choosesTokens } from './budgets.ts'
import { changedSince, type Dependencies, EMBEDDED } from './depends.ts'
import type { PaperResults, PartResult } from './results.ts'
import { claimsIn, PARTS, type Part, type Row } from './row.ts'

/**
 * How far a paper is, computed from its stored results: `described` in the catalogue; `runnable`, but nothing measured
 * holds; then the last part of which all claims hold; `green` when all that it owes do; or `refuted`.
 */
export type State = 'described' | 'runnable' | Part | 'green' | 'refuted'

export interface Standing {
  readonly state: State
  /** Why it is refuted, or what keeps it from the next state. */
  readonly reasons: readonly string[]
  /** What its results were measured with and is no longer so; empty where they still hold. */
  readonly stale: readonly string[]
}

/** The parts that a paper owes. */
export function claimsOf(entry: Paper): readonly Part[] {
  if (entry.claims) return entry.claims
  if (entry.run || !choosesTokens(entry)) return ['checks', 'effect']
  return entry.role === 'baseline' ? ['checks'] : PARTS
}

/** The state of a paper on a model, from what is stored of it and what that depends on now. */
export function standingOf(
  entry: Paper,
  results?: PaperResults,
  now: Dependencies = {},
  model: string = EMBEDDED,
): Standing {
  assertArgument('standingOf', 'the id of an entry', entry?.id, 'string')
  if (results !== undefined) assertArgument('standingOf', 'the parts of results', results?.parts, 'object')
  assertArgument('standingOf', 'dependencies', now, 'object')
  const parts = PARTS.flatMap((part) => results?.parts[part] ?? [])
  const stale = [...new Set(parts.flatMap((part) => staleness(part, now, model)))]
  if (!entry.method && !entry.run && !entry.checks) return { state: 'described', reasons: [], stale }
  const failed = parts.flatMap(({ rows }) => rows.filter(({ part, holds }) => part !== 'checks' && holds === false))
  if (failed.length > 0) return { state: 'refuted', reasons: failed.map(explain), stale }
  const owed = claimsOf(entry)
  const missing = owed.map((part) => ({ part, reasons: lacks(part, results?.parts[part]) }))
  const reached = missing.findIndex(({ reasons }) => reasons.length > 0)
  if (reached < 0) return { state: 'green', reasons: [], stale }
  return { state: reached === 0 ? 'runnable' : owed[reached - 1], reasons: missing[reached].reasons, stale }
}

function staleness({ depends, model }: PartResult, now: Dependencies, wanted: string): string[] {
  if (model !== wanted) return [`measured on ${model}, not on ${wanted}`]
  return changedSince(depends, now).map((name) => `${name} has changed since`)
}

/** What keeps a part from being reached. */
function lacks(part: Part, result: PartResult | undefined): string[] {
  if (!result) return [`${part}: not measured`]
  const claims = claimsIn(result.rows)
  if (claims.length === 0) return [`${part}: nothing is claimed`]
  const open = claims.filter(({ holds }) => holds !== true)
  if (open.length > 0) return open.map(explain)
  return part === 'headline' ? lacksShapes(claims.filter(({ shapes }) => shapes === 'true')) : []
}

/** Ratios of a small model are not those of the paper: there it has to be counted and timed. */
function lacksShapes(claims: readonly Row[]): string[] {
  if (claims.length === 0) return ["headline: holds at the embedded model's shapes, not measured at the paper's own"]
  return claims.some(({ timed }) => timed) ? [] : ["headline: counted, but not timed at the paper's own shapes"]
}

const explain = ({ part, name, reason }: Row): string => `${part}: ${name}: ${reason ?? 'it does not hold here'}`
