/** Rewards that a rule can check, each from 0 to 1. */
import { type Interval, tIou } from '../../evaluation/llm4vg/interval.ts'

const FORM = /^\s*<think>[\s\S]*?<\/think>\s*<answer>[\s\S]*?<\/answer>\s*$/

/** 1 where the whole output is a think block and an answer block. `once`: each opens no more than once. */
export function formatReward(text: string, { once = false } = {}): number {
  const opens = (tag: string) => text.split(`<${tag}>`).length - 1
  return FORM.test(text) && !(once && (opens('think') > 1 || opens('answer') > 1)) ? 1 : 0
}

/** What stands in the last answer block. */
export const answerIn = (text: string): string | undefined =>
  [...text.matchAll(/<answer>([\s\S]*?)<\/answer>/g)].at(-1)?.[1].trim()

export const exactReward = (answer: string, truth: string): number => Number(answer.trim() === truth.trim())

/** Both or neither have a decimal point, and they are equal when rounded to two decimals. */
export function numberReward(answer: string, truth: string): number {
  if (answer.trim() === '' || truth.trim() === '' || answer.includes('.') !== truth.includes('.')) return 0
  const [a, b] = [answer, truth].map((text) => Math.round(100 * Number(text)))
  return Number(a === b)
}

/** 1 - min(1, |a - g| / |g|); 1e-9 is added to both, so that g may be 0. */
export const regressionReward = (answer: number, truth: number): number =>
  1 - Math.min(1, (Math.abs(answer - truth) + 1e-9) / (Math.abs(truth) + 1e-9))

/** |S| / |G| where S is a subset of G, else 0. */
export function setReward(answer: readonly string[], truth: readonly string[]): number {
  const [said, all] = [new Set(answer), new Set(truth)]
  return all.size > 0 && [...said].every((each) => all.has(each)) ? said.size / all.size : 0
}

/** max(0, 1 - word error rate). */
export function wordReward(answer: string, truth: string): number {
  const [a, b] = [answer, truth].map((text) => text.trim().split(/\s+/).filter(Boolean))
  if (b.length === 0) return Number(a.length === 0)
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (const [i, word] of a.entries()) {
    const next = [i + 1]
    for (const [j, wanted] of b.entries())
      next.push(Math.min(row[j] + Number(word !== wanted), row[j + 1] + 1, next[j] + 1))
    row = next
  }
  return Math.max(0, 1 - row[b.length] / b.length)
}

/** tIoU of the last `a to b`, or `a and b`, of the last answer block; 0 where there is none, or it ends before it starts. */
export function intervalReward(text: string, truth: Interval): number {
  const found = [...(answerIn(text) ?? '').matchAll(/(\d+(?:\.\d+)?)\s*(?:to|and)\s*(\d+(?:\.\d+)?)/g)].at(-1)
  if (!found) return 0
  const [start, end] = [Number(found[1]), Number(found[2])]
  return start > end ? 0 : tIou([start, end], truth)
}

/** Overlap of several intervals by length, those of each side merged; 1 where both are empty. */
export function intervalsReward(answer: readonly Interval[], truth: readonly Interval[]): number {
  const [a, b] = [merged(answer), merged(truth)]
  if (a.length === 0 && b.length === 0) return 1
  const both = a.flatMap(([s, e]) => b.map(([t, f]) => Math.max(0, Math.min(e, f) - Math.max(s, t))))
  const met = both.reduce((sum, length) => sum + length, 0)
  return met > 0 ? met / (lengthOf(a) + lengthOf(b) - met) : 0
}

const lengthOf = (intervals: readonly Interval[]): number => intervals.reduce((sum, [s, e]) => sum + e - s, 0)

function merged(intervals: readonly Interval[]): Interval[] {
  const all: Interval[] = []
  for (const [start, end] of [...intervals].sort(([a], [b]) => a - b)) {
    const last = all.at(-1)
    if (last && start <= last[1]) all[all.length - 1] = [last[0], Math.max(last[1], end)]
    else all.push([start, end])
  }
  return all
}
