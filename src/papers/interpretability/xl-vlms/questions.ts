/** Questions of the World whose answers are one word of a kind. */
import { worldItem } from '../../../evaluation/world.ts'
import type { RgbImage } from '../../../media/image.ts'
import { type Split, sample } from '../../../world/index.ts'

export interface Asked {
  readonly task: string
  readonly index: number
  readonly question: string
  readonly answer: string
  readonly image: RgbImage
}

/** The first `count` questions of a task, or those of them whose right answer is `answer`. */
export async function questionsOf(
  { split, seed }: { readonly split: Split; readonly seed: number },
  task: string,
  count: number,
  answer?: string,
): Promise<Asked[]> {
  const found: Asked[] = []
  for (let index = 0; found.length < count; index++) {
    if (answer !== undefined && sample({ split, seed, index, task }).qa.answer !== answer) continue
    const { image, turns } = await worldItem({ set: 'world', split, seed }, task, index)
    found.push({ task, index, image, question: turns[0].question, answer: turns[0].answer })
  }
  return found
}
