/** One answer out of several. */
import { type Interval, tIou } from '../../evaluation/llm4vg/interval.ts'

/** What an answer comes to: what stands in its last answer tag, or all of it, without case, blanks and a last full stop. */
export function normalised(text: string): string {
  const tagged = [...text.matchAll(/<answer>([\s\S]*?)<\/answer>/gi)].at(-1)
  return (tagged ? tagged[1] : text).replace(/\s+/g, ' ').trim().replace(/\.$/, '').toLowerCase()
}

/**
 * The answer with the largest sum of weights, and of equals the one that was seen first; empty ones do not vote.
 * @param weights one for each answer; each counts alike when absent
 * @returns its first place among all; undefined where nobody votes
 */
export function majority(answers: readonly string[], weights?: readonly number[]): number | undefined {
  const sums = new Map<string, number>()
  for (const [at, answer] of answers.entries())
    if (answer !== '') sums.set(answer, (sums.get(answer) ?? 0) + (weights?.[at] ?? 1))
  const most = Math.max(...sums.values())
  const winner = [...sums].find(([, sum]) => sum === most)
  return winner && answers.indexOf(winner[0])
}

/** The place of the best score, the first of equals; undefined of none. */
export function bestOf(scores: readonly number[]): number | undefined {
  return scores.length > 0 ? scores.indexOf(Math.max(...scores)) : undefined
}

export const isUnanimous = (answers: readonly string[]): boolean =>
  answers.length > 0 && answers[0] !== '' && answers.every((answer) => answer === answers[0])

/** Intervals vote by clusters: each joins the first whose first member it meets by half; of the largest, the median bounds. */
export function medianInterval(intervals: readonly Interval[], least = 0.5): Interval | undefined {
  const clusters: Interval[][] = []
  for (const each of intervals) {
    const home = clusters.find(([first]) => tIou(first, each) >= least)
    if (home) home.push(each)
    else clusters.push([each])
  }
  const largest = clusters.reduce<Interval[]>((most, one) => (one.length > most.length ? one : most), [])
  if (largest.length === 0) return undefined
  return [median(largest.map(([start]) => start)), median(largest.map(([, end]) => end))]
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

/** How often a majority of n independent votes is right, n odd, where each is with probability p. */
export function majorityAccuracy(p: number, n: number): number {
  let [sum, ways] = [0, 1]
  for (let right = n; 2 * right > n; right--) {
    sum += ways * p ** right * (1 - p) ** (n - right)
    ways *= right / (n - right + 1)
  }
  return sum
}

/** How often one of n independent answers is right, so what a perfect verifier would reach. */
export const bestOfAccuracy = (p: number, n: number): number => 1 - (1 - p) ** n
