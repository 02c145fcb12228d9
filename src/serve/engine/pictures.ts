import { FoveaError } from '../../errors.ts'
import { decodeImage } from '../../media/decode.ts'
import { type RgbImage, resizeImage } from '../../media/image.ts'
import { sniffImageFormat } from '../../media/image-format.ts'
import type { Message } from '../../pipeline/talk/message.ts'
import { LIMITS } from '../limits.ts'
import type { Detail, JobMessage, Picture, UsedImage } from './job.ts'
import { about } from './job-error.ts'

/** Decoders that strangers may reach. */
const FORMATS: readonly (string | undefined)[] = ['png', 'jpeg', 'webp', 'gif']

/** Pixels of an image that are used. */
const BUDGETS: Readonly<Record<Detail, number>> = {
  low: 512 * 512,
  high: 2048 * 2048,
  auto: Number.POSITIVE_INFINITY,
  original: Number.POSITIVE_INFINITY,
}

export interface ReadPicture {
  readonly image: RgbImage
  readonly used: UsedImage
}

/** Messages as the model takes them, and all their images in order. */
export interface ReadMessages {
  readonly messages: readonly Message[]
  readonly pictures: readonly ReadPicture[]
}

/** Decodes the images of messages, one after another. Throws ParamError: those of `decodeImage`, `image_too_large`. */
export async function readMessages(given: readonly JobMessage[]): Promise<ReadMessages> {
  const pictures: ReadPicture[] = []
  const messages: Message[] = []
  for (const { role, content } of given) {
    const parts: Exclude<Message['content'], string>[number][] = []
    for (const part of content) {
      if (part.type === 'image') pictures.push(await readPicture(part, pictures))
      parts.push(part.type === 'text' ? part : { type: 'image', image: pictures.at(-1)!.image })
    }
    messages.push({ role, content: parts })
  }
  return { messages, pictures }
}

/** @param before images of the same request: all of them together have a limit, too */
export const readPicture = (picture: Picture, before: readonly ReadPicture[] = []): Promise<ReadPicture> =>
  about(picture.param, async () => {
    const { bytes, detail } = picture
    if (!FORMATS.includes(sniffImageFormat(bytes))) throw formatError()
    const decoded = await decodeImage(bytes, { maxBytes: LIMITS.imageBytes, maxPixels: LIMITS.imagePixels })
    const { width, height } = decoded
    const total = before.reduce((sum, { used }) => sum + used.width * used.height, width * height)
    if (total > LIMITS.requestPixels) throw totalError()
    const image = fitted(decoded, picture)
    return { image, used: { width, height, usedWidth: image.width, usedHeight: image.height, detail } }
  })

const formatError = (): FoveaError =>
  new FoveaError('unsupported_media', 'input', 'images are PNG, JPEG, WebP or GIF; this is none of them')

const totalError = (): FoveaError =>
  new FoveaError(
    'image_too_large',
    'input',
    `the images of a request have at most ${LIMITS.requestPixels / 1e6} megapixels`,
  )

/** An image within its budget of pixels, its proportions kept. */
function fitted(image: RgbImage, { detail, minPixels = 0, maxPixels = Number.POSITIVE_INFINITY }: Picture): RgbImage {
  const pixels = image.width * image.height
  const wanted = Math.min(Math.max(pixels, minPixels), maxPixels, BUDGETS[detail])
  if (wanted === pixels) return image
  const scale = Math.sqrt(wanted / pixels)
  const round = wanted < pixels ? Math.floor : Math.ceil
  const side = (length: number) => Math.max(1, round(length * scale))
  return resizeImage(image, side(image.width), side(image.height), 'bicubic')
}
