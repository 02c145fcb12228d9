/** How well a model answers questions of one's own. */
import { resolve } from 'node:path'
import { FoveaError } from '../../errors.ts'
import type { RgbImage } from '../../media/image.ts'
import { readImage } from '../../media/read-image.ts'
import type { Examiner } from '../exam/examiner.ts'
import { blindfolded, type Shown } from '../exam/shown.ts'
import { wilson } from '../proportion.ts'
import { scoreAnswer } from '../score.ts'
import type { OwnQuestions } from './open-questions.ts'
import { LETTERS, type OwnQuestion } from './own-question.ts'

/** One question and what the model said to it. */
export interface OwnRow {
  readonly place: string
  readonly category: string
  readonly question: string
  readonly answers: readonly string[]
  readonly reply: string
  readonly correct: boolean
  readonly blindReply: string
  readonly blindCorrect: boolean
  /** Probability that a guess among its options is right; 0 where there are none. */
  readonly chance: number
}

export interface OwnRun {
  readonly examiner: Examiner
  readonly data: OwnQuestions
  /** How options are written behind a question; on lines of their own unless given. */
  readonly writes?: (question: string, options: readonly string[]) => string
  readonly signal?: AbortSignal
  readonly onRow?: (row: OwnRow, done: number, total: number) => void
}

/** What questions without a category are of. */
const ALL = 'all'

/**
 * Asks every question with its pictures and with gray ones; ends early, with the rows so far, when told to.
 * @throws FoveaError what `readImage` throws, with the file and the line of the question
 */
export async function askOwn({ examiner, data, writes = onLines, signal, onRow }: OwnRun): Promise<OwnRow[]> {
  const rows: OwnRow[] = []
  for (const own of data.questions) {
    const { seconds } = own
    const shown: Shown = { pictures: await picturesOf(own, data.folder), ...(seconds && { seconds }) }
    const question = own.options ? writes(own.question, own.options) : own.question
    const qa = { task: own.category ?? ALL, question, answer: own.answers[0], box: own.box, time: own.time }
    const [[seen]] = await examiner.ask(shown, [[qa]], 'replies')
    const [[blind]] = await examiner.ask(blindfolded(shown), [[qa]], 'replies')
    if (signal?.aborted) return rows // these answers were cut short
    const [reply, blindReply] = [seen, blind].map((verdict) => verdict.reply ?? '')
    rows.push({
      place: own.place,
      category: own.category ?? ALL,
      question,
      answers: own.answers,
      ...{ reply, correct: isRight(own, reply) },
      ...{ blindReply, blindCorrect: isRight(own, blindReply) },
      chance: own.options ? 1 / own.options.length : 0,
    })
    onRow?.(rows[rows.length - 1], rows.length, data.questions.length)
  }
  return rows
}

/** As most models were taught to choose (LLaVA, arXiv 2310.03744, table 7). */
export const onLines = (question: string, options: readonly string[]): string =>
  [
    question,
    ...options.map((option, at) => `${LETTERS[at]}. ${option}`),
    "Answer with the option's letter from the given choices directly.",
  ].join('\n')

/** Its pictures, read from where the questions lie. Throws those of `readImage`, with the line of the question. */
export async function picturesOf({ place, pictures }: OwnQuestion, folder: string): Promise<RgbImage[]> {
  const images: RgbImage[] = []
  for (const picture of pictures) {
    const path = /^(?:data|file):/i.test(picture) ? picture : resolve(folder, picture)
    images.push(await readImage(path).catch((error) => Promise.reject(atLine(place, error))))
  }
  return images
}

const atLine = (place: string, error: unknown): unknown =>
  error instanceof FoveaError
    ? new FoveaError(error.code, error.kind, `${place}: ${error.message}`, { cause: error })
    : error

/**
 * Whether a reply is one of the answers: the letter or the text of an option, a box, a point or a time that is near enough,
 * or the same words without regard to case, spaces, and a full stop at the end.
 */
export function isRight({ answers, options, box, time }: OwnQuestion, reply: string): boolean {
  if (options) return answers.includes(chosen(reply, options) ?? '')
  return answers.some((answer) => plain(reply) === plain(answer) || scoreAnswer({ answer, box, time }, reply).correct)
}

const plain = (text: string): string => text.trim().replace(/\s+/g, ' ').replace(/\.$/, '').toLowerCase()

/** The letter of the option that a reply names: "B", "(B)", "B. a dog", "a dog". */
export function chosen(reply: string, options: readonly string[]): string | undefined {
  const at = options.findIndex((option) => plain(option) === plain(reply))
  if (at >= 0) return LETTERS[at]
  const letter = /^\s*(?:answer\s*:?\s*)?\(?([A-Z])(?:[).:,]|\s*$)/i.exec(reply)?.[1].toUpperCase()
  return letter && LETTERS.indexOf(letter) < options.length ? letter : undefined
}

/** Figures of a category; shares are of 1. */
export interface OwnSummary {
  readonly category: string
  readonly count: number
  readonly accuracy: ReturnType<typeof wilson>
  readonly blind: number
  readonly chance: number
  /** Share of the answer that most questions have. */
  readonly majority: number
}

/** All questions together, and each category where there are several. */
export function summariseOwn(rows: readonly OwnRow[]): OwnSummary[] {
  const names = [...new Set(rows.map(({ category }) => category))]
  const parts = names.map((name) =>
    summariseCategory(
      name,
      rows.filter(({ category }) => category === name),
    ),
  )
  return names.length > 1 ? [...parts, summariseCategory('all together', rows)] : parts
}

function summariseCategory(category: string, rows: readonly OwnRow[]): OwnSummary {
  const share = (of: (row: OwnRow) => number) => rows.reduce((sum, row) => sum + of(row), 0) / rows.length
  const counts = new Map<string, number>()
  for (const { answers } of rows) counts.set(plain(answers[0]), (counts.get(plain(answers[0])) ?? 0) + 1)
  return {
    category,
    count: rows.length,
    accuracy: wilson(rows.filter(({ correct }) => correct).length, rows.length),
    blind: share(({ blindCorrect }) => Number(blindCorrect)),
    chance: share(({ chance }) => chance),
    majority: Math.max(...counts.values()) / rows.length,
  }
}
