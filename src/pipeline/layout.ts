import { FoveaError } from '../errors.ts'
import type { Architecture, View } from '../models/family.ts'
import { f32, type Value } from '../runtime/index.ts'
import type { Chunk } from './language-program.ts'
import type { EncodedImage, ModelParts } from './parts.ts'
import { textPosition, viewPositions } from './positions.ts'
import type { EncodedView } from './vision-program.ts'

const noVisual: Value<Float32Array> = f32([0, 0], new Float32Array(0))

/** The tokens of several views, one after another: [v, d]. */
export function joinEmbeds(views: readonly EncodedView[]): Value<Float32Array> {
  const parts = views.map((view) => view.embeds)
  if (parts.length <= 1) return parts[0] ?? noVisual
  const data = new Float32Array(parts.reduce((total, part) => total + part.data.length, 0))
  let at = 0
  for (const part of parts) {
    data.set(part.data, at)
    at += part.data.length
  }
  return f32([parts.reduce((rows, part) => rows + part.dims[0], 0), parts[0].dims[1]], data)
}

/** The token ids that stand for an image of these views in a prompt. Throws FoveaError `tokenizer_invalid`. */
export function imagePrompt({ architecture, tokenizer }: ModelParts, views: readonly View[]): number[] {
  const text = architecture.expand?.(views)
  if (text === undefined) return views.map(() => architecture.imageToken)
  const ids = tokenizer.encode(text, { special: true })
  if (ids.filter((id) => id === architecture.imageToken).length === views.length) return ids
  const message = `tokenizer.json does not know the image token ${architecture.imageToken} that config.json names`
  throw new FoveaError('tokenizer_invalid', 'input', message)
}

/**
 * Videos have a token of their own in a prompt; from here on the image token stands for both. Throws FoveaError
 * `image_count` where images and videos do not come in the order in which they were given.
 */
export function unifyPlaceholders(
  ids: readonly number[],
  { imageToken, videoToken }: Architecture,
  images: readonly EncodedImage[],
): number[] {
  let next = 0
  return ids.map((id) => {
    if (id !== imageToken && id !== videoToken) return id
    const given = images[next++]?.kind
    if (given === undefined || (given === 'image') === (id === imageToken)) return imageToken
    const [place, found] = given === 'image' ? ['a video', 'an image'] : ['an image', 'a video']
    const message = `place ${next} in the prompt is for ${place}, ${found} was given; images come first, then videos`
    throw new FoveaError('image_count', 'input', message)
  })
}

/** Puts the prompt of each image in the place of its token. Throws FoveaError `image_count` where there are more or fewer. */
export function expandImages(ids: readonly number[], imageToken: number, images: readonly EncodedImage[]): number[] {
  const found = ids.filter((id) => id === imageToken).length
  if (found !== images.length) {
    const message = `the prompt has places for ${found} images, ${images.length} were given`
    throw new FoveaError('image_count', 'input', message)
  }
  let next = 0
  return ids.flatMap((id) => (id === imageToken ? images[next++].prompt : [id]))
}

/** Repeats the token of each view as often as the view has visual tokens. */
export function repeatPlaceholders(
  ids: readonly number[],
  imageToken: number,
  views: readonly EncodedView[],
): number[] {
  let next = 0
  return ids.flatMap((id) => {
    if (id !== imageToken) return [id]
    const { embeds, placeholder = id } = views[next++]
    return new Array<number>(embeds.dims[0]).fill(placeholder)
  })
}

/** A chunk, and the position of what comes after it. */
export interface PlacedChunk extends Chunk {
  readonly end: number
}

/**
 * Slots of a chunk: text ids in order, each placeholder replaced by the tokens of the next view. `axes` says how many axes
 * positions have.
 */
export function layout(
  ids: readonly number[],
  imageToken: number,
  views: readonly EncodedView[],
  start: number,
  axes = 1,
): PlacedChunk {
  const visual = joinEmbeds(views)
  const text = views.length ? ids.filter((id) => id !== imageToken) : ids
  const order: number[] = []
  const placed: (readonly number[])[] = []
  let [nextText, nextVisual, nextView, end] = [0, 0, 0, start]
  for (const id of ids) {
    const view = views.length && id === imageToken ? views[nextView++] : undefined
    if (view) for (let i = 0; i < view.embeds.dims[0]; i++) order.push(text.length + nextVisual++)
    else order.push(nextText++)
    const next = view ? viewPositions(view, end, axes) : textPosition(end, axes)
    placed.push(next.positions)
    end = next.end
  }
  return { ids: text, visual, order, positions: placed.flat(), end }
}
