/** What is shown with a question. */
import type { RgbImage } from '../../media/image.ts'
import { filmMessage } from '../../pipeline/talk/film-prompt.ts'
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

/** A question about what is shown. Times are said where a prompt has a place for them. */
export function askAbout({ pictures, seconds }: Shown, question: string, saysTime: boolean): Message {
  if (seconds && saysTime)
    return filmMessage(
      pictures.map((image, at) => ({ image, second: seconds[at] })),
      question,
    )
  const images = pictures.map((image) => ({ type: 'image', image }) as const)
  return { role: 'user', content: [...images, { type: 'text', text: question }] }
}
