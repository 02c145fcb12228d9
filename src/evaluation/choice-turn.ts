import type { LabelledChoice, QA } from '../world/index.ts'

/** What options are called. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** A question with its options, each behind a letter, as the World asks it. */
export const choiceText = (question: string, options: readonly string[]): string =>
  `${question} ${options.map((option, at) => `${LETTERS[at]}: ${option}`).join(' ')}`

/** The same as a question whose answer is the letter. */
export const choiceTurn = ({ task, question, options, right }: Omit<LabelledChoice, 'needs'>): QA => ({
  task,
  question: choiceText(question, options),
  answer: LETTERS[right],
  candidates: [...LETTERS].slice(0, options.length),
})
