import type { LabelledChoice, QA } from '../world/index.ts'

/** What options are called. */
const LETTERS = 'ABCD'

/** A question with its options, each behind a letter; the answer is the letter. */
export const choiceTurn = ({ task, question, options, right }: Omit<LabelledChoice, 'needs'>): QA => ({
  task,
  question: `${question} ${options.map((option, at) => `${LETTERS[at]}: ${option}`).join(' ')}`,
  answer: LETTERS[right],
  candidates: [...LETTERS].slice(0, options.length),
})
