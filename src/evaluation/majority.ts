import {
  ALL_THING_TASK_IDS,
  FILM_TASK_IDS,
  type QA,
  SOUND_TASK_IDS,
  sample,
  sampleDialogue,
  sampleFilm,
  sampleSound,
  sampleSoundingFilm,
  sampleThings,
  TASK_IDS,
} from '../world/index.ts'
import { nodeArt } from '../world/node-art.ts'
import { SOUNDING_TASK_IDS } from '../world/sound/sounding-film.ts'
import { parseBox, parsePoint } from './score.ts'

/** Training questions that a majority is taken over: shapes, and what is dearer to draw. */
const [SAMPLES, FEWER] = [300, 80]

/**
 * The best answer to a task without looking or reading the question: the most frequent one among training questions, for
 * boxes and points the median of each number. Where a task is never asked in training, the first of its candidates.
 */
export function majorityAnswer(
  task: string,
  seed: number,
  language = 'en',
  candidates: readonly string[] = [],
): string {
  const answers = trainingAnswers(task, seed, language)
  for (const parse of [parseBox, parsePoint]) {
    const numbers = answers.map((answer): readonly number[] | undefined => parse(answer))
    if (numbers.length > 0 && numbers.every((each) => each !== undefined))
      return numbers[0].map((_, at) => median(numbers.map((each) => each[at]))).join(',')
  }
  const counts = new Map<string, number>()
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? candidates[0] ?? ''
}

type Draw = (index: number) => readonly QA[]

/** Answers of a task's own questions, or of the turns in dialogues for what is asked only there. */
function trainingAnswers(task: string, seed: number, language: string): string[] {
  const { draw, samples } = drawsOf(task, seed, language)
  const turns = Array.from({ length: samples }, (_, index) => draw(index)).flat()
  return turns.filter((qa) => qa.task === task).map((qa) => qa.answer)
}

function drawsOf(task: string, seed: number, language: string): { draw: Draw; samples: number } {
  const key = { split: 'train', seed, task } as const
  if (TASK_IDS.includes(task)) return { draw: (index) => [sample({ ...key, index }).qa], samples: SAMPLES }
  const draw = [
    [ALL_THING_TASK_IDS, (index: number) => sampleThings({ ...key, index, language, art: nodeArt() }).turns],
    [FILM_TASK_IDS, (index: number) => [sampleFilm({ ...key, index, language, art: nodeArt() }).qa]],
    [SOUND_TASK_IDS, (index: number) => [sampleSound({ ...key, index, language }).qa]],
    [SOUNDING_TASK_IDS, (index: number) => [sampleSoundingFilm({ ...key, index, language, art: nodeArt() }).qa]],
  ] as const
  const own = draw.find(([tasks]) => (tasks as readonly string[]).includes(task))
  if (own) return { draw: own[1], samples: FEWER }
  return { draw: (index) => sampleDialogue({ split: 'train', seed, index }).turns, samples: SAMPLES }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]

/** Chance of guessing right among the answers that the question allows; 0 where that set is open. */
export const chance = ({ candidates }: QA): number => (candidates ? 1 / candidates.length : 0)
