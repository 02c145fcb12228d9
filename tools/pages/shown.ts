/** What the page of a paper runs: with which options, on what. */
import type { Paper } from '../../src/papers/paper.ts'
import { hasBudget } from '../../src/papers/reports/budgets.ts'
import { isUntrained, useOf } from '../../src/papers/use.ts'

/** What is left of the tokens where a share can be asked for. */
export const SHARE = 0.25

/** The method as a flag takes it: `fastv:keep=0.25`. */
export function shownMethod(entry: Paper): string {
  const { id, example } = entry
  const options = {
    ...example,
    ...(hasBudget(entry) && { keep: SHARE }),
    ...(isUntrained(entry) && { weights: `runs/${id}/adapter` }),
  }
  const words = Object.entries(options).map(([name, value]) => `${name}=${value}`)
  return [id, words.join(',')].filter(Boolean).join(':')
}

/** Whether its page shows which patches of images it leaves: reducers of images do. */
export const hasPicture = (entry: Paper): boolean => entry.kind[0] === 'reducer' && useOf(entry) === 'image'
