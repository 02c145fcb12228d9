import { FoveaError } from '../../errors.ts'

/** A question of a file of one's own. */
export interface OwnQuestion {
  /** Where it stands, for messages: `data.jsonl:3`. */
  readonly place: string
  /** Paths of pictures, or `data:` URLs; several frames of a film where `seconds` says when they are seen. */
  readonly pictures: readonly string[]
  readonly seconds?: readonly number[]
  readonly question: string
  /** Any of them is right. */
  readonly answers: readonly string[]
  /** What is to be chosen from, in order; the answer is the letter of one. */
  readonly options?: readonly string[]
  /** What figures are told apart by. */
  readonly category?: string
  /** Where the thing is that was asked for, in thousandths, and when it happens: how near an answer must be. */
  readonly box?: [number, number, number, number]
  readonly time?: [number, number]
}

/** What a written question says; pictures may be left out. */
export type WrittenQuestion = Omit<OwnQuestion, 'place' | 'pictures'> & Partial<Pick<OwnQuestion, 'pictures'>>

/** A question with what was said to it. */
export interface Answered extends WrittenQuestion {
  /** What the model was asked, options and all. */
  readonly prompt: string
  readonly reply: string
  readonly correct: boolean
}

/** A fault of a line. */
export const lineError = (place: string, problem: string, cause?: unknown): FoveaError =>
  new FoveaError('eval_data', 'input', `${place}: ${problem}`, { cause })

/** What options are called. */
export const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** The letter of an option that is named by its letter or by its text. Throws FoveaError `eval_data`. */
export function letterOf(place: string, answer: string, options: readonly string[]): string {
  const named = LETTERS.slice(0, options.length).indexOf(answer.trim().toUpperCase())
  if (answer.trim().length === 1 && named >= 0) return LETTERS[named]
  const at = options.findIndex((option) => option.trim().toLowerCase() === answer.trim().toLowerCase())
  if (at >= 0) return LETTERS[at]
  throw lineError(
    place,
    `the answer ${JSON.stringify(answer)} is neither a letter nor the text of one of its ${options.length} options`,
  )
}
