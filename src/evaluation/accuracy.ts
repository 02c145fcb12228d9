import { meanProportion, type Proportion, wilson } from './proportion.ts'
import type { Answer } from './world.ts'

/** The share of right answers, each task counting alike, with its 95 % interval. */
export function accuracyOf(answers: readonly Pick<Answer, 'task' | 'correct'>[]): Proportion {
  const tasks = [...new Set(answers.map(({ task }) => task))]
  const parts = tasks.map((task) => {
    const own = answers.filter((answer) => answer.task === task)
    return wilson(own.filter(({ correct }) => correct).length, own.length)
  })
  return meanProportion(parts)
}
