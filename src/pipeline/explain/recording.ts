import type { Chunk } from '../flow/language-program.ts'
import { type Heard, heldThrough } from '../flow/listening.ts'
import type { EncodedImage, PreparedImage } from '../parts.ts'

interface HeardWhole extends Heard {
  encodePictures(pictures: readonly PreparedImage[]): Promise<EncodedImage[]>
}

/** What a model read while it answered one question. */
export interface Recording {
  readonly chunks: Chunk[]
  /** In the order of the prompt. */
  pictures: readonly EncodedImage[]
}

/** The same model, which notes what it reads. It shares everything with the model and is not disposed. */
export function recorded<Of extends HeardWhole>(model: Of): { readonly model: Of; readonly recording: Recording } {
  const recording: Recording = { chunks: [], pictures: [] }
  const holdLanguage = heldThrough(model, (program) => (key, chunk) => {
    recording.chunks.push(chunk)
    return program.run(key, chunk)
  })
  const encodePictures: HeardWhole['encodePictures'] = async (pictures) => {
    const encoded = await model.encodePictures(pictures)
    recording.pictures = encoded
    return encoded
  }
  const overrides = { holdLanguage: { value: holdLanguage }, encodePictures: { value: encodePictures } }
  return { model: Object.create(model, overrides), recording }
}

/** A prompt and the tokens that followed it, as one chunk. */
export function joined([prompt, ...steps]: readonly Chunk[]): Chunk {
  const ids = [prompt.ids, ...steps.map((step) => step.ids)].flat()
  const shift = ids.length - prompt.ids.length
  const order = prompt.order.map((from) => (from < prompt.ids.length ? from : from + shift))
  const behind = Array.from({ length: shift }, (_, at) => prompt.ids.length + at)
  const tags = Object.entries(prompt.tags ?? {}).map(([name, tag]) => [name, [...tag, ...behind.map(() => -1)]])
  return {
    ...prompt,
    ids,
    order: [...order, ...behind],
    positions: [prompt.positions, ...steps.map((step) => step.positions)].flat(),
    ...(prompt.tags && { tags: Object.fromEntries(tags) }),
  }
}

/** Text tokens behind the last picture, into the ids of a chunk; all of them where there is no picture. */
export function behindPictures({ ids, order }: Chunk): number[] {
  const last = order.findLastIndex((from) => from >= ids.length)
  return order.slice(last + 1)
}
