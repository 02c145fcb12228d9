/** What is shown with a question. */
import type { RgbImage } from '../../media/image.ts'
import type { ModelParts } from '../../pipeline/parts.ts'
import { filmMessage, keepsOrder } from '../../pipeline/talk/film-prompt.ts'
import type { Message } from '../../pipeline/talk/message.ts'

export interface Shown {
  readonly pictures: readonly RgbImage[]
  /** Of a film: when each of them is seen, in seconds. */
  readonly seconds?: readonly number[]
}

/** The gray in the middle of all colours: it normalises to zeros. */
export const grayLike = ({ width, height }: Pick<RgbImage, 'width' | 'height'>): RgbImage => ({
  data: new Uint8Array(width * height * 3).fill(128),
  width,
  height,
})

/** Nothing to be seen, as often and as large. */
export const blindfolded = (shown: Shown): Shown => ({ ...shown, pictures: shown.pictures.map(grayLike) })

/** How a model is shown films: as videos, as pictures behind their times, or as pictures. */
export type FilmForm = 'video' | 'marked' | 'plain'

/** As videos where a model takes them, else behind their times where a prompt has a place for these. */
export function filmForm(parts: Pick<ModelParts, 'architecture' | 'template' | 'tokenizer'>): FilmForm {
  if (parts.architecture.prompt.video) return 'video'
  return keepsOrder(parts) ? 'marked' : 'plain'
}

/** A question about what is shown. */
export function askAbout({ pictures, seconds }: Shown, question: string, form: FilmForm): Message {
  if (seconds && form === 'video') {
    const video = { frames: [...pictures], framesPerSecond: 1, timestamps: [...seconds] }
    return {
      role: 'user',
      content: [
        { type: 'video', video },
        { type: 'text', text: question },
      ],
    }
  }
  if (seconds && form === 'marked')
    return filmMessage(
      pictures.map((image, at) => ({ image, second: seconds[at] })),
      question,
    )
  const images = pictures.map((image) => ({ type: 'image', image }) as const)
  return { role: 'user', content: [...images, { type: 'text', text: question }] }
}
