/** How much of a score is owed to images, and how much to questions seen before. arXiv 2403.20330, section 4. */

/** Scores of one benchmark, in percent. */
export interface Scores {
  /** With the image, S_v. */
  readonly seeing: number
  /** Of the same model without it, S_wv. */
  readonly blind: number
  /** Of the language model that it was built from, S_t. */
  readonly text: number
}

/** Multi-modal gain: `MG = S_v - S_wv`. May be negative. */
export const multiModalGain = ({ seeing, blind }: Omit<Scores, 'text'>): number => seeing - blind

/** Multi-modal leakage: `ML = max(0, S_wv - S_t)`. */
export const multiModalLeakage = ({ blind, text }: Omit<Scores, 'seeing'>): number => Math.max(0, blind - text)

/** Over several benchmarks: the means of what each has, so that a lucky one does not hide another's leakage. */
export function meanOver(benchmarks: readonly Scores[]): { gain: number; leakage: number } {
  const mean = (of: (scores: Scores) => number) =>
    benchmarks.reduce((sum, each) => sum + of(each), 0) / benchmarks.length
  return { gain: mean(multiModalGain), leakage: mean(multiModalLeakage) }
}
