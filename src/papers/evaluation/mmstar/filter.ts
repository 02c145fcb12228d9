/** Which questions need their image: those that few models answer without it. arXiv 2403.20330, section 3.2. */

/** How many of several models are right about each question, without seeing anything. */
export const hitsOf = (answers: readonly (readonly boolean[])[]): number[] =>
  (answers[0] ?? []).map((_, item) => answers.filter((model) => model[item]).length)

/** Whether each question is kept: at most `most` models know it blind; the paper takes 2 of 8. */
export const keptOf = (hits: readonly number[], most: number): boolean[] => hits.map((count) => count <= most)

/** How well what was removed matches what text alone answers. */
export interface Found {
  /** Removed questions, and those of them that need no image. */
  readonly removed: number
  readonly right: number
  /** All that need no image. */
  readonly planted: number
}

export function foundBy(kept: readonly boolean[], planted: readonly boolean[]): Found {
  const removed = planted.filter((_, item) => !kept[item])
  return {
    removed: removed.length,
    right: removed.filter(Boolean).length,
    planted: planted.filter(Boolean).length,
  }
}
