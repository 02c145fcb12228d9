import type { QA } from '../world/index.ts'

/** Left, top, right, bottom in thousandths. */
export type AnswerBox = readonly [number, number, number, number]

export interface Score {
  readonly correct: boolean
  /** Overlap with the true box, 0 to 1, where the answer is a box. */
  readonly iou?: number
}

/** A box counts as found from this overlap. */
export const FOUND_IOU = 0.5

/** Four whole numbers separated by commas, or undefined. */
export function parseBox(text: string): AnswerBox | undefined {
  const numbers = /^\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*$/.exec(text)?.slice(1).map(Number)
  return numbers as AnswerBox | undefined
}

/** Intersection over union of two boxes; 0 for boxes without area. */
export function boxIou(a: AnswerBox, b: AnswerBox): number {
  const overlap = (low: number, high: number) => Math.max(0, high - low)
  const area = ([left, top, right, bottom]: AnswerBox) => overlap(left, right) * overlap(top, bottom)
  const shared = area([Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])])
  const union = area(a) + area(b) - shared
  return union > 0 ? shared / union : 0
}

/** Boxes by overlap, all other answers by equality, without regard to case and outer spaces. */
export function scoreAnswer({ answer }: Pick<QA, 'answer'>, reply: string): Score {
  const truth = parseBox(answer)
  if (!truth) return { correct: reply.trim().toLowerCase() === answer.toLowerCase() }
  const found = parseBox(reply)
  const iou = found ? boxIou(found, truth) : 0
  return { correct: iou >= FOUND_IOU, iou }
}
