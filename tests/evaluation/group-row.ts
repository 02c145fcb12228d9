import type { GroupRow } from '../../src/evaluation/groups/evaluate.ts'

/** A right answer, but for what is changed. */
export const groupRow = (change: Partial<GroupRow>): GroupRow => ({
  group: 'things',
  section: 'trained',
  task: 'thing-name',
  asked: 'thing-name',
  index: 0,
  language: 'en',
  question: 'what is this?',
  answer: 'dog',
  reply: 'dog',
  correct: true,
  heldOut: false,
  chance: 0.5,
  majorityCorrect: false,
  others: { blind: false },
  ...change,
})
