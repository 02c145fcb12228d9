import { FoveaError } from '../../errors.ts'
import type { GivenImage } from '../../media/image.ts'
import type { Video } from '../../media/video.ts'
import type { Value } from '../../runtime/index.ts'
import { compose } from '../method/compose.ts'
import type { Method } from '../method/method.ts'
import type { ModelParts } from '../parts.ts'
import type { AskOptions } from './ask-options.ts'
import { type OneOrMore, readImages, videosOf } from './given.ts'
import { partsUnder } from './parts-under.ts'
import { imagePlaceholder } from './written-pictures.ts'

export interface EmbedOptions {
  /** What is said beside the pictures; may be empty. */
  readonly prompt: string
  readonly images?: OneOrMore<GivenImage>
  readonly videos?: OneOrMore<Video>
  /** With the head `embedding`. */
  readonly method: Method
  readonly signal?: AbortSignal
}

/** What answers prompts. */
interface Answering {
  readonly parts: ModelParts
  generate(options: EmbedOptions & AskOptions): Promise<unknown>
}

/** The head that makes an embedder of a model. */
const HEAD = 'embedding'

/**
 * One embedding of length 1 for a text and its pictures together: what the head `embedding` of a method says of the
 * prompt. The prompt is written by the method's `read.prompt`, or by the chat template.
 * @throws FoveaError `method_unfit` for a method without that head, `adapter_missing`, what `generate` throws, and the reason
 *   of an aborted signal
 */
export async function embed(model: Answering, options: EmbedOptions): Promise<Float32Array> {
  const heads = await headsOf(model, options)
  return unit(heads[HEAD].data as Float32Array)
}

/** What all heads of such a method say of a prompt; `embedding` is one of them. Throws what `embed` throws. */
export async function headsOf(
  model: Answering,
  { prompt, ...options }: EmbedOptions,
): Promise<Readonly<Record<string, Value>>> {
  const { method } = options
  if (!method.read?.heads?.[HEAD]) throw headError(method)
  const { architecture, tokenizer } = partsUnder(model.parts, method)
  const images = await readImages('embed', options.images, model.parts.readImage)
  const videos = videosOf('embed', options.videos)
  const picture = imagePlaceholder({ architecture, tokenizer }) ?? ''
  const pictures = picture.repeat(images.length + videos.length)
  const written = compose(method).read?.prompt?.({ text: tokenizer.protect(prompt), pictures }, architecture)
  let heads: Readonly<Record<string, Value>> = {}
  await model.generate({
    ...options,
    images,
    videos,
    prompt: written ? `${written.pictures}${written.text}` : prompt,
    rawPrompt: written !== undefined,
    maxTokens: 0,
    onPrefill: (_ids, _logits, found) => {
      heads = found
    },
  })
  options.signal?.throwIfAborted()
  return heads
}

function headError({ name }: Method): FoveaError {
  const message = `${name} makes no embeddings; use a method with a head of that name, such as notellm-2`
  return new FoveaError('method_unfit', 'usage', message)
}

/** x at length 1. */
export function unit(x: Float32Array): Float32Array {
  const norm = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0))
  return x.map((value) => value / norm)
}
