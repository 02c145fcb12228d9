import { FoveaError } from '../../errors.ts'
import type { PromptForm } from '../../models/views/prompt-form.ts'
import type { View } from '../../models/views/view.ts'
import { f32, type Value } from '../../runtime/index.ts'
import type { Chunk } from '../flow/language-program.ts'
import type { EncodedView } from '../flow/vision-program.ts'
import type { EncodedImage, ModelParts, PromptPicture } from '../parts.ts'
import { textPosition, tokenPlaces, viewPositions } from './positions.ts'

const noVisual: Value<Float32Array> = f32([0, 0], new Float32Array(0))

/** The tokens of several views, one after another: [v, d]. */
export const joinEmbeds = (views: readonly EncodedView[]): Value<Float32Array> =>
  joinValues(views.map((view) => view.embeds))

/** What several views left beside their tokens, each kind one after another, [n, d]. */
export function joinMemory(views: readonly EncodedView[]): EncodedView['memory'] {
  const names = Object.keys(views[0]?.memory ?? {})
  return Object.fromEntries(names.map((name) => [name, joinValues(views.map(({ memory }) => memory[name]))]))
}

function joinValues(parts: readonly Value<Float32Array>[]): Value<Float32Array> {
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
export function imagePrompt({ architecture: { prompt }, tokenizer }: ModelParts, views: readonly View[]): number[] {
  const text = prompt.expand?.(views)
  if (text === undefined) return views.map(() => prompt.imageToken)
  const ids = tokenizer.encode(text, { special: true })
  if (ids.filter((id) => id === prompt.imageToken).length === views.length) return ids
  const message = `tokenizer.json does not know the image token ${prompt.imageToken} that config.json names`
  throw new FoveaError('tokenizer_invalid', 'input', message)
}

/**
 * Images and videos in the order in which a prompt has their tokens. Throws FoveaError `image_count` where there are more
 * or fewer of them than it has places for.
 */
export function inPromptOrder<Picture extends PromptPicture>(
  ids: readonly number[],
  { imageToken, video }: PromptForm,
  images: readonly Picture[],
): Picture[] {
  const still = images.filter(({ token }) => token === undefined)
  const moving = images.filter(({ token }) => token !== undefined)
  const kinds = [
    { kind: 'images', token: imageToken, given: still },
    ...(moving.length && video?.token !== undefined ? [{ kind: 'videos', token: video.token, given: moving }] : []),
  ]
  for (const { kind, token, given } of kinds) {
    const found = ids.filter((id) => id === token).length
    const message = `the prompt has places for ${found} ${kind}, ${given.length} were given`
    if (found !== given.length) throw new FoveaError('image_count', 'input', message)
  }
  const queues = new Map(kinds.map(({ token, given }) => [token, [...given]]))
  return ids.flatMap((id) => queues.get(id)?.shift() ?? [])
}

/** Puts the prompt of each image or video in the place of its token; there are as many of them as places. */
export function expandImages(ids: readonly number[], imageToken: number, images: readonly PromptPicture[]): number[] {
  let [next, written] = [0, 0]
  return ids.flatMap((id) => {
    const image = images[next]
    if (!image || id !== (image.token ?? imageToken)) return [id]
    // What was written as text has its tokens already, one for each view.
    if (image.text !== undefined && ++written < image.views.length) return [id]
    written = 0
    next++
    return image.text === undefined ? image.prompt : [id]
  })
}

/** Repeats the token of each view as often as the view has visual tokens. */
export function repeatPlaceholders(
  ids: readonly number[],
  imageToken: number,
  images: readonly EncodedImage[],
): number[] {
  const runs = images.flatMap(({ views, token }) =>
    views.map(({ embeds }) => new Array<number>(embeds.dims[0]).fill(token ?? imageToken)),
  )
  let next = 0
  return ids.flatMap((id) => (id === imageToken ? runs[next++] : [id]))
}

/** What each slot is: the view that a visual token is of, counted from 0, and where in it the token lies. */
function tagsOf(ids: readonly number[], imageToken: number, views: readonly EncodedView[]): Chunk['tags'] {
  let next = 0
  const slots = ids.flatMap((id) => {
    if (id !== imageToken) return [{ view: -1, row: -1, column: -1 }]
    const view = next++
    return tokenPlaces(views[view]).map(([, row, column]) => ({
      view,
      row: Math.round(row),
      column: Math.round(column),
    }))
  })
  const tag = (name: 'view' | 'row' | 'column') => slots.map((slot) => slot[name])
  return { view: tag('view'), row: tag('row'), column: tag('column') }
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
  const pictures = views.length > 0 && { tags: tagsOf(ids, imageToken, views), memory: joinMemory(views) }
  return { ids: text, visual, order, positions: placed.flat(), end, ...pictures }
}
