import { f32, type Value } from '../runtime/index.ts'
import type { Chunk } from './language-program.ts'
import type { EncodedImage } from './parts.ts'

const noVisual: Value<Float32Array> = f32([0, 0], new Float32Array(0))

function joinViews(images: readonly EncodedImage[]): Value<Float32Array> {
  const parts = images.flatMap((image) => image.views.map((view) => view.embeds))
  if (parts.length <= 1) return parts[0] ?? noVisual
  const data = new Float32Array(parts.reduce((total, part) => total + part.data.length, 0))
  let at = 0
  for (const part of parts) {
    data.set(part.data, at)
    at += part.data.length
  }
  return f32([parts.reduce((rows, part) => rows + part.dims[0], 0), parts[0].dims[1]], data)
}

/** Slots of a chunk: text ids in order, each placeholder replaced by the tokens of the next image. */
export function layout(
  ids: readonly number[],
  imageToken: number,
  images: readonly EncodedImage[],
  start: number,
): Chunk {
  const visual = joinViews(images)
  const text = images.length ? ids.filter((id) => id !== imageToken) : ids
  const order: number[] = []
  let [nextText, nextVisual, nextImage] = [0, 0, 0]
  for (const id of ids) {
    if (images.length && id === imageToken) {
      const count = images[nextImage++].views.reduce((total, view) => total + view.embeds.dims[0], 0)
      for (let i = 0; i < count; i++) order.push(text.length + nextVisual++)
    } else order.push(nextText++)
  }
  return { ids: text, visual, order, positions: order.map((_, slot) => start + slot) }
}
