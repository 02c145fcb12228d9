import type { Method } from '../../pipeline/method/method.ts'
import { buildMethod } from '../methods.ts'
import type { Paper } from '../paper.ts'

/** Shares of the visual tokens that methods are compared at. */
export const BUDGETS: readonly number[] = [0.5, 0.25, 0.125]

/** Whether the share that stays can be asked for: by the option `keep`. */
export const hasBudget = (entry: Paper): boolean => entry.options !== undefined && 'keep' in entry.options.shape

/** The method at a share of the visual tokens, its other options as they are by default. */
export const atBudget = (entry: Paper, keep: number): Method => buildMethod(entry, { keep })
