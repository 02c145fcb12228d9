import { type QA, sample, sampleDialogue, TASK_IDS } from '../world/index.ts'
import { parseBox } from './score.ts'

/** Training questions that a majority is taken over. */
const SAMPLES = 300

/**
 * The best answer to a task without looking or reading the question: the most frequent one among training questions,
 * for boxes the median of each side.
 */
export function majorityAnswer(task: string, seed: number): string {
  const answers = trainingAnswers(task, seed)
  const boxes = answers.map(parseBox)
  if (boxes.length > 0 && boxes.every((box) => box !== undefined))
    return [0, 1, 2, 3].map((side) => median(boxes.map((b) => b[side]))).join(',')
  const counts = new Map<string, number>()
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? ''
}

/** Answers of a task's own questions, or of the turns in dialogues for what is asked only there. */
function trainingAnswers(task: string, seed: number): string[] {
  const indices = Array.from({ length: SAMPLES }, (_, index) => index)
  if (TASK_IDS.includes(task)) return indices.map((index) => sample({ split: 'train', seed, index, task }).qa.answer)
  const turns = indices.flatMap((index) => sampleDialogue({ split: 'train', seed, index }).turns)
  return turns.filter((qa) => qa.task === task).map((qa) => qa.answer)
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]

/** Chance of guessing right among the answers that the question allows; 0 where that set is open. */
export const chance = ({ candidates }: QA): number => (candidates ? 1 / candidates.length : 0)
