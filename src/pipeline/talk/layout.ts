import { FoveaError } from '../../errors.ts'
import type { PromptForm } from '../../models/views/prompt-form.ts'
import { hasText, type View } from '../../models/views/view.ts'
import { f32, joinFloats, type Value } from '../../runtime/index.ts'
import type { EncodedView } from '../flow/encoded-view.ts'
import type { Chunk } from '../flow/language-program.ts'
import { methodError } from '../method/method-error.ts'
import type { PlacedSlot, Placement, Span } from '../method/placement.ts'
import type { EncodedImage, ModelParts, PromptPicture, PromptSize } from '../parts.ts'
import { spanOf, textPosition, viewPositions } from './positions.ts'

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
  const data = joinFloats(parts.map((part) => part.data))
  return f32([parts.reduce((rows, part) => rows + part.dims[0], 0), parts[0].dims[1]], data)
}

/** What encoded views take in a prompt. */
export function sizeOf(views: readonly EncodedView[], axes = 1): PromptSize {
  const sum = (of: (view: EncodedView) => number) => views.reduce((total, view) => total + of(view), 0)
  return {
    tokens: sum(({ embeds }) => embeds.dims[0]),
    positions: sum((view) => spanOf(view, axes)),
  }
}

/**
 * The token ids that stand for an image of these views in a prompt, one image token for each of them.
 * @param by the method that chose them
 * @throws FoveaError `tokenizer_invalid`; `method_unfit` for text around views where the model has no place for it
 */
export function imagePrompt(parts: ModelParts, views: readonly View[], by: string): number[] {
  const { architecture, tokenizer } = parts
  const { prompt } = architecture
  const text = imageText(parts, views, by)
  if (text === undefined) return views.map(() => prompt.imageToken)
  const ids = tokenizer.encode(text, { special: true })
  if (ids.filter((id) => id === prompt.imageToken).length === views.length) return ids
  const message = `tokenizer.json does not know the image token ${prompt.imageToken} that config.json names`
  throw new FoveaError('tokenizer_invalid', 'input', message)
}

/**
 * The same as text; undefined where only image tokens stand for it.
 * @throws FoveaError `method_unfit` for text around views where the model has no place for it
 */
export function imageText(parts: ModelParts, views: readonly View[], by: string): string | undefined {
  const own = parts.architecture.prompt.expand?.(views)
  return hasText(views) ? withText(parts, views, own, by) : own
}

/** The family's text with that of the views around their image tokens. It is tokenized as a whole. */
function withText(
  { architecture: { name, prompt }, tokenizer }: ModelParts,
  views: readonly View[],
  own: string | undefined,
  by: string,
): string {
  const token = tokenizer.idToToken(prompt.imageToken)
  if (prompt.imagesFirst || token === undefined)
    throw methodError(
      `${by} writes text around views, but ${name} takes its images before all text, with none between them; use another model or method`,
    )
  const between = (own ?? token.repeat(views.length)).split(token)
  const written = between.map(
    (text, at) => `${views[at - 1]?.text?.after ?? ''}${text}${views[at]?.text?.before ?? ''}`,
  )
  return written.join(token)
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
  const placeOf = ({ written, token }: PromptPicture) => (written ? imageToken : (token ?? imageToken))
  let [next, written] = [0, 0]
  return ids.flatMap((id) => {
    const image = images[next]
    if (!image || id !== placeOf(image)) return [id]
    // What was written as text has its tokens already, one for each view.
    if (image.written && ++written < image.views.length) return [id]
    written = 0
    next++
    return image.written ? [id] : image.prompt
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

/** What methods may ask of each slot; the middle of several patches counts as the one before or behind it. */
function tagsOf(slots: readonly PlacedSlot[]): Chunk['tags'] {
  const tag = (name: 'view' | 'row' | 'column') => slots.map((slot) => Math.round(slot[name]))
  return { view: tag('view'), row: tag('row'), column: tag('column') }
}

/** A chunk, and the position of what comes after it. */
export interface PlacedChunk extends Chunk {
  readonly end: number
}

export interface LayoutOptions {
  /** Axes that positions have. */
  readonly axes?: number
  /** Where a method puts the slots instead. */
  readonly place?: (own: Placement) => Placement
}

/** Slots of a chunk: text ids in order, each placeholder replaced by the tokens of the next view. */
export function layout(
  ids: readonly number[],
  imageToken: number,
  views: readonly EncodedView[],
  start: number,
  { axes, place = (own) => own }: LayoutOptions = {},
): PlacedChunk {
  const visual = joinEmbeds(views)
  const text = views.length ? ids.filter((id) => id !== imageToken) : ids
  const own = placement(
    ids.map((id) => views.length > 0 && id === imageToken),
    views,
    start,
    axes,
  )
  let [nextText, nextVisual] = [0, text.length]
  const order = own.slots.map(({ kind }) => (kind === 'text' ? nextText++ : nextVisual++))
  const { slots, end } = place(own)
  const positions = slots.flatMap((slot) => slot.place)
  const pictures = views.length > 0 && { tags: tagsOf(own.slots), memory: joinMemory(views) }
  return { ids: text, visual, order, positions, end, ...pictures }
}

/** Where the model itself puts tokens of text and, where `isView` says so, those of the next view. */
function placement(
  isView: readonly boolean[],
  views: readonly EncodedView[],
  start: number,
  axes: number | undefined,
): Placement {
  const slots: PlacedSlot[] = []
  const spans: Span[] = []
  let end = start
  for (const isNext of isView) {
    const from = end
    const run = isNext ? viewPositions(views[spans.length], spans.length, from, axes) : textPosition(from, axes)
    for (const slot of run.slots) slots.push(slot)
    end = run.end
    if (isNext) spans.push({ start: from, end })
  }
  return { slots, start, end, views: spans }
}
