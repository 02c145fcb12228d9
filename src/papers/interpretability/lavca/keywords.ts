/** Which images a unit prefers, and the words that their captions share. arXiv 2502.13606, steps 2, 4 and 5. */
import { dot, type Vector } from '../xl-vlms/vectors.ts'
import { wordsIn } from './words.ts'

/** Indices of the N rows of largest `w . e`, best first, ties to the lower one. Throws RangeError for fewer rows than N. */
export function topImages(pool: readonly Vector[], w: Vector, count: number): number[] {
  if (count > pool.length) throw new RangeError(`${count} images cannot be taken out of a pool of ${pool.length}`)
  const scores = pool.map((row) => dot(row, w))
  return [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b).slice(0, count)
}

/** Words of at least a share of the captions, most frequent first, ties in the order of the alphabet. */
export function commonKeywords(captions: readonly string[], share: number, most: number): string[] {
  const counts = new Map<string, number>()
  for (const word of captions.flatMap(wordsIn)) counts.set(word, (counts.get(word) ?? 0) + 1)
  const common = [...counts].filter(([, count]) => count >= share * captions.length)
  return common
    .sort(([a, first], [b, second]) => second - first || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([word]) => word)
}

export interface KeywordFilter {
  readonly temperature: number
  /** Least probability; 1 / candidates when absent. */
  readonly threshold?: number
  /** m: at most so many are kept. */
  readonly most: number
}

/** `softmax(s / T)` */
export function softmax(scores: readonly number[], temperature: number): number[] {
  const largest = Math.max(...scores)
  const weights = scores.map((score) => Math.exp((score - largest) / temperature))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}

/** Keywords k with `softmax(s_k / T)` of at least the threshold, by falling similarity s_k. */
export function filterKeywords(
  keywords: readonly string[],
  similarity: (keyword: string) => number,
  { temperature, threshold = 1 / keywords.length, most }: KeywordFilter,
): string[] {
  const shares = softmax(keywords.map(similarity), temperature)
  return [...keywords.keys()]
    .filter((at) => shares[at] >= threshold)
    .sort((a, b) => shares[b] - shares[a] || a - b)
    .slice(0, most)
    .map((at) => keywords[at])
}
