/** The two-turn protocol: every question is asked first, and again behind another about the same image. */

/** Two questions about an image in one order; the next entry has them in the other. */
export interface Entry {
  /** Whether the answers of the first and of the second turn are right. */
  readonly turns: readonly [first: boolean, second: boolean]
}

export interface TurnScore {
  /** First turns that are right, T1V. */
  readonly first: number
  /** Those of them whose question is answered right as a second turn as well, T1V_T2V. */
  readonly both: number
  /** T1V_T2V / T1V; 1 where nothing was known at first. */
  readonly score: number
}

/** Of a flat list in which entries 2 i and 2 i + 1 ask the same two questions in swapped order. */
export function turnScore(entries: readonly Entry[]): TurnScore {
  const known = entries.flatMap(({ turns }, at) => (turns[0] ? [entries[at ^ 1].turns[1]] : []))
  const [first, both] = [known.length, known.filter(Boolean).length]
  return { first, both, score: first === 0 ? 1 : both / first }
}

/** The rule of the toolkit: the truth stands somewhere in the answer. Long answers profit from it. */
export const saysSomewhere = (truth: string, answer: string): boolean =>
  answer.toLowerCase().includes(truth.toLowerCase())
