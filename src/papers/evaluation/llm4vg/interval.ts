/** Stretches of time in seconds, how well they meet, and how one is read out of an answer. */
import type { Rng } from '../../../world/rng.ts'

export type Interval = readonly [start: number, end: number]

/** Intersection over union in continuous seconds: symmetric, 0 where either is empty. */
export function tIou([a, b]: Interval, [c, d]: Interval): number {
  const both = Math.max(0, Math.min(b, d) - Math.max(a, c))
  const either = b - a + (d - c) - both
  return both > 0 ? both / either : 0
}

/** R@1: the share whose tIoU is above the threshold, or at it where `isStrict` is false. */
export const recall = (ious: readonly number[], threshold: number, isStrict = true): number =>
  ious.filter((iou) => (isStrict ? iou > threshold : iou >= threshold)).length / (ious.length || 1)

/** R@n: at least one of the first n of each question passes. */
export const recallAt = (ranked: readonly (readonly number[])[], n: number, threshold: number): number =>
  ranked.filter((ious) => ious.slice(0, n).some((iou) => iou > threshold)).length / (ranked.length || 1)

/** Two independent uniforms in [0, duration], sorted: they favour the middle. */
export function randomInterval(duration: number, rng: Rng): Interval {
  const [a, b] = [rng.float(0, duration), rng.float(0, duration)]
  return a < b ? [a, b] : [b, a]
}

/** The same stretch of every video: the whole of it, which no question can be read from. */
export const wholeInterval = (duration: number): Interval => [0, duration]

/** Which form an answer had; noted, since a wrong unit silently spoils a run. */
export const FORMS = ['brackets', 'start-end', 'from-to', 'clock', 'compact-clock', 'dash', 'first-two'] as const
export type Form = (typeof FORMS)[number]

export interface ParsedInterval {
  readonly interval: Interval
  readonly form: Form
}

const NUMBER = String.raw`(\d+(?:\.\d+)?)\s*(?:s|sec|seconds?)?`
const CLOCK = String.raw`(\d{1,2}):(\d{2})`

const PATTERNS: readonly (readonly [Form, RegExp])[] = [
  ['clock', new RegExp(`${CLOCK}\\D+?${CLOCK}`, 'i')],
  ['brackets', new RegExp(`\\[\\s*${NUMBER}\\s*,\\s*${NUMBER}\\s*\\]`, 'i')],
  ['start-end', new RegExp(`start(?:\\s*time)?\\s*[:=]?\\s*${NUMBER}.*?end(?:\\s*time)?\\s*[:=]?\\s*${NUMBER}`, 'is')],
  ['from-to', new RegExp(`from\\s+${NUMBER}\\s+(?:to|until)\\s+${NUMBER}`, 'i')],
  ['compact-clock', /\b(\d{2})(\d{2})\s*-\s*(\d{2})(\d{2})\b/],
  ['dash', new RegExp(`${NUMBER}\\s*(?:-|–|to)\\s*${NUMBER}`, 'i')],
  ['first-two', /(\d+(?:\.\d+)?)\D+?(\d+(?:\.\d+)?)/],
]

const REFUSAL =
  /\b(?:cannot|can't|can not|unable to|impossible to)\b.{0,40}\b(?:be )?(?:determined?|said|told?|answer|ground|find)/i

/**
 * The interval that an answer states, swapped where it is the wrong way round and held to [0, duration]; undefined where
 * none can be read, or where the answer says that it cannot be told.
 */
export function parseInterval(text: string, duration: number): ParsedInterval | undefined {
  if (REFUSAL.test(text)) return undefined
  for (const [form, pattern] of PATTERNS) {
    const found = pattern.exec(text)
    if (!found) continue
    const numbers = found.slice(1).map(Number)
    const pair = numbers.length === 4 ? [60 * numbers[0] + numbers[1], 60 * numbers[2] + numbers[3]] : numbers
    const [a, b] = pair.map((second) => Math.min(Math.max(second, 0), duration))
    return { interval: a <= b ? [a, b] : [b, a], form }
  }
  return undefined
}
