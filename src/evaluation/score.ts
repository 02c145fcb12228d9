import type { QA } from '../world/index.ts'

/** Left, top, right, bottom in thousandths. */
export type AnswerBox = readonly [number, number, number, number]

export interface Score {
  readonly correct: boolean
  /** Overlap with the true box, or with the true stretch of time, 0 to 1, where the answer is one. */
  readonly iou?: number
  /** How many seconds beside the truth, where the answer is a moment; absent where the reply is none. */
  readonly off?: number
}

/** A box, or a stretch of time, counts as found from this overlap. */
export const FOUND_IOU = 0.5

/** So many whole numbers separated by commas, or undefined. */
function parseNumbers(text: string, count: number): number[] | undefined {
  const form = new RegExp(`^\\s*${new Array<string>(count).fill('(\\d+)').join('\\s*,\\s*')}\\s*$`)
  return form.exec(text)?.slice(1).map(Number)
}

/** Four whole numbers separated by commas, or undefined. */
export const parseBox = (text: string): AnswerBox | undefined => parseNumbers(text, 4) as AnswerBox | undefined

/** Two of them, or undefined. */
export const parsePoint = (text: string): readonly [number, number] | undefined =>
  parseNumbers(text, 2) as [number, number] | undefined

/** "2 to 5", in a language of the World, or undefined. */
export function parseSpan(text: string): readonly [number, number] | undefined {
  const found = /^\s*(\d+(?:\.\d+)?) (?:to|a) (\d+(?:\.\d+)?)\s*$/.exec(text)
  return found ? [Number(found[1]), Number(found[2])] : undefined
}

const parseSecond = (text: string): number | undefined => (/^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined)

/** Intersection over union of two boxes; 0 for boxes without area. */
export function boxIou(a: AnswerBox, b: AnswerBox): number {
  const overlap = (low: number, high: number) => Math.max(0, high - low)
  const area = ([left, top, right, bottom]: AnswerBox) => overlap(left, right) * overlap(top, bottom)
  const shared = area([Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])])
  const union = area(a) + area(b) - shared
  return union > 0 ? shared / union : 0
}

/** Intersection over union of two stretches of time; moments overlap where they are the same. */
export function spanIou(a: readonly [number, number], b: readonly [number, number]): number {
  const shared = Math.min(a[1], b[1]) - Math.max(a[0], b[0])
  const union = Math.max(a[1], b[1]) - Math.min(a[0], b[0])
  if (union === 0) return 1
  return Math.max(0, shared) / union
}

/** What is asked for and how it was answered in truth. */
export type Truth = Pick<QA, 'answer'> & Partial<Pick<QA, 'task' | 'box' | 'time'>>

/**
 * Boxes and stretches of time by overlap, points by whether they lie in the box of the thing, all other answers by equality,
 * without regard to case and outer spaces. Of moments it is said how far off they are.
 */
export function scoreAnswer(truth: Truth, reply: string): Score {
  const correct = reply.trim().toLowerCase() === truth.answer.toLowerCase()
  switch (formOf(truth)) {
    case 'box':
      return overlapping(parseBox(truth.answer)!, parseBox(reply), boxIou)
    case 'span':
      return overlapping(parseSpan(truth.answer)!, parseSpan(reply), spanIou)
    case 'point':
      return { correct: isInside(parsePoint(reply), truth.box!) }
    case 'moment': {
      const said = parseSecond(reply)
      return { correct, ...(said !== undefined && { off: Math.abs(said - Number(truth.answer)) }) }
    }
    default:
      return { correct }
  }
}

export type AnswerForm = 'box' | 'span' | 'point' | 'moment' | 'words'

/** Tasks whose answers are seconds. */
const MOMENTS: readonly string[] = ['film-when', 'sound-when']

/** How an answer is judged. */
export function formOf({ task, answer, box, time }: Truth): AnswerForm {
  if (parseBox(answer)) return 'box'
  if (time && parseSpan(answer)) return 'span'
  if (box && parsePoint(answer)) return 'point'
  return MOMENTS.includes(task ?? '') ? 'moment' : 'words'
}

function overlapping<T>(truth: T, said: T | undefined, iouOf: (a: T, b: T) => number): Score {
  const iou = said ? iouOf(said, truth) : 0
  return { correct: iou >= FOUND_IOU, iou }
}

const isInside = (point: readonly [number, number] | undefined, [left, top, right, bottom]: AnswerBox): boolean =>
  point !== undefined && point[0] >= left && point[0] <= right && point[1] >= top && point[1] <= bottom
