/** Pictures as callers give them: read already or not, one or several. */
import { FoveaError, kindOf } from '../../errors.ts'
import type { GivenImage, ImageInput, RgbImage } from '../../media/image.ts'
import type { Video } from '../../media/video.ts'
import type { ContentPart, Message } from './message.ts'

export type OneOrMore<T> = T | readonly T[]

export type ReadImage = (image: ImageInput) => Promise<RgbImage>

const invalid = (code: string, message: string): FoveaError => new FoveaError(code, 'usage', message)

/** One alone as a list of one. */
export const listOf = <T>(given: OneOrMore<T> | undefined): readonly T[] =>
  given === undefined ? [] : Array.isArray(given) ? given : [given as T]

/**
 * All of them read, in order.
 * @param of the function that they were given to, for messages
 * @throws FoveaError kind `usage`: `image_invalid` for what is no image; those of `readImage`
 */
export const readImages = (
  of: string,
  given: OneOrMore<GivenImage> | undefined,
  read?: ReadImage,
): Promise<readonly RgbImage[]> =>
  Promise.all(listOf(given).map((image, at) => imageOf(`${of}: images[${at}]`, image, read)))

async function imageOf(place: string, image: unknown, read?: ReadImage): Promise<RgbImage> {
  if (isDecoded(image)) {
    const { data, width, height } = image
    if (data.length === 3 * width * height) return image
    const sizes = `${width}x${height} needs ${3 * width * height} bytes (RGB), data has ${data.length}`
    throw invalid('image_invalid', `${place}: ${sizes}`)
  }
  if (isInput(image) && read) return read(image)
  const forms = `what readImage gives${read ? ', a path, a URL, a Buffer, an ArrayBuffer or a Blob' : ''}`
  throw invalid('image_invalid', `${place} is ${kindOf(image)}; an image is ${forms}`)
}

const isDecoded = (image: unknown): image is RgbImage =>
  typeof image === 'object' && image !== null && (image as RgbImage).data instanceof Uint8Array && 'width' in image

const isInput = (image: unknown): image is ImageInput =>
  typeof image === 'string' || [URL, Uint8Array, ArrayBuffer, Blob].some((form) => image instanceof form)

/** Throws FoveaError `video_invalid`, kind `usage`, for what is no video. */
export function videosOf(of: string, given: OneOrMore<Video> | undefined): readonly Video[] {
  for (const [at, video] of listOf(given).entries())
    if (!Array.isArray(video?.frames))
      throw invalid(
        'video_invalid',
        `${of}: videos[${at}] is ${kindOf(video)}; a video is what readVideo(path, { sampler: model.frameSampler }) gives`,
      )
  return listOf(given)
}

/** Messages whose parts hold images that are read. Throws what `readImages` throws. */
export async function readMessages(messages: readonly Message[], read?: ReadImage): Promise<readonly Message[]> {
  const partOf = async (part: ContentPart, at: number): Promise<ContentPart> => {
    if (part?.type !== 'image' || part.image === undefined) return part
    return { type: 'image', image: await imageOf(`message ${at + 1}: its image`, part.image, read) }
  }
  const messageOf = async (message: Message, at: number): Promise<Message> => {
    if (!Array.isArray(message?.content)) return message
    return { ...message, content: await Promise.all(message.content.map((part) => partOf(part, at))) }
  }
  return Array.isArray(messages) ? Promise.all(messages.map(messageOf)) : messages
}
