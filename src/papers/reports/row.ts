/** What a run of a paper ends in. */

/**
 * `checks`: invariants that must hold exactly. `effect`: what the paper claims, measured on a model that is there.
 * `headline`: what it saves, counted and timed.
 */
export const PARTS = ['checks', 'effect', 'headline'] as const
export type Part = (typeof PARTS)[number]

/** A figure that a paper states about itself. */
export interface PaperFigure {
  readonly value: number
  readonly unit: string
  /** Where it stands: `table 2`, `abstract`, and of which model. */
  readonly where: string
}

/** One line of a report: what was measured, beside what it is compared with and what the paper says. */
export interface Row {
  readonly part: Part
  /** What was measured; unique within its part. */
  readonly name: string
  readonly value: number
  /** `%`, `points` (differences of percentages), `x` (of dense), `ms`, `tokens`, ... */
  readonly unit: string
  /** 95 %, in the unit of the value. */
  readonly interval?: readonly [low: number, high: number]
  readonly baseline?: { readonly name: string; readonly value: number; readonly unit: string }
  readonly paper?: PaperFigure
  /**
   * Of a claim: whether it holds here, or that too little was measured to tell. A row without it is a figure to look at
   * and claims nothing.
   */
  readonly holds?: boolean | 'undecided'
  /** Of a claim that does not hold, or is not decided: the measured reason. */
  readonly reason?: string
  /** Questions, images or rounds that it is measured on. */
  readonly count?: number
  /** Of a headline: at the sizes of the embedded model, or at those of the paper's own. */
  readonly shapes?: 'embedded' | 'true'
  /** Of a headline: timed rather than counted. */
  readonly timed?: boolean
}

/** The rows that claim something. */
export const claimsIn = (rows: readonly Row[]): Row[] => rows.filter(({ holds }) => holds !== undefined)
