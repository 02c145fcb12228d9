/** How a film is put to a model as so many pictures: what stands before each frame says when it is shown. */
import type { GivenImage } from '../../media/image.ts'
import { secondOf } from '../../models/vlm/llava.ts'
import type { ModelParts } from '../parts.ts'
import type { ContentPart, Message } from './message.ts'
import { imagePlaceholder } from './written-pictures.ts'

/** What is written before a frame: its second, with no more than two decimals. At one frame a second, its number. */
export const frameMark = secondOf

export interface ShownFrame {
  readonly image: GivenImage
  /** Seconds from the start of the film. */
  readonly second: number
}

/**
 * A question about a film: for each frame its mark and the picture, then the question. Prompts of a model that keeps the order
 * read "0<image>1<image>...", as those of videos do.
 */
export function filmMessage(frames: readonly ShownFrame[], question: string): Message {
  const shown = frames.flatMap(({ image, second }): ContentPart[] => [
    { type: 'text', text: frameMark(second) },
    { type: 'image', image },
  ])
  return { role: 'user', content: [...shown, { type: 'text', text: question }] }
}

/** Words that are in no template. */
const [BEFORE, BETWEEN, BEHIND] = ['qbeforeq', 'qbetweenq', 'qbehindq']

/**
 * Whether a prompt has text and pictures in the order of a message's parts. Some templates write all pictures first; there a
 * mark would stand in the question.
 */
export function keepsOrder(parts: Pick<ModelParts, 'architecture' | 'template' | 'tokenizer'>): boolean {
  const { imagesFirst, write } = parts.architecture.prompt
  const image = imagePlaceholder(parts)
  if (imagesFirst || write || image === undefined) return false
  const texts = [BEFORE, BETWEEN, BEHIND].map((text) => ({ type: 'text', text }) as const)
  const content = [texts[0], { type: 'image' } as const, texts[1], { type: 'image' } as const, texts[2]]
  const { bosToken, eosToken } = parts.tokenizer
  const said = parts.template.render([{ role: 'user', content }], { bosToken, eosToken })
  const pieces = said.split(image)
  return pieces.length === 3 && [BEFORE, BETWEEN, BEHIND].every((text, at) => pieces[at].includes(text))
}
