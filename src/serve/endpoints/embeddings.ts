import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import type { Picture, Words } from '../engine/job.ts'
import { badParam } from '../engine/job-error.ts'
import { LIMITS } from '../limits.ts'
import { imageBytes } from '../wire/image-url.ts'
import { picture, words } from '../wire/messages.ts'

const imageInput = z.object({
  type: z.literal('image_url'),
  image_url: z.union([z.string(), z.object({ url: z.string() })]),
})
const item = z.union([z.string(), z.object({ type: z.literal('text'), text: z.string() }), imageInput])

const body = z.object({
  model: z.string().optional(),
  input: z.union([z.string(), z.array(item).min(1).max(256)], 'input is a text or a list of texts and images'),
  encoding_format: z.enum(['float', 'base64']).optional(),
})

export const embeddings = endpoint({
  method: 'POST',
  url: '/v1/embeddings',
  summary: 'Embed texts and images into one space',
  body,
  handle: async (site, { body, signal }) => {
    const inputs = [body.input].flat().map(inputOf)
    assertImages(inputs)
    const job = { kind: 'embed', inputs } as const
    const { vectors, tokens } = await site.queue.run(() => site.engine.run<'embed'>(job, { signal }), signal)
    const write = body.encoding_format === 'base64' ? asBase64 : (vector: Float32Array) => Array.from(vector)
    return {
      object: 'list',
      model: body.model ?? site.modelId,
      data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: write(vector) })),
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    }
  },
})

function inputOf(given: z.infer<typeof item>, at: number): Words | Picture {
  if (typeof given === 'string') return words(given)
  if (given.type === 'text') return words(given.text)
  const url = typeof given.image_url === 'string' ? given.image_url : given.image_url.url
  return picture(imageBytes(url, `input.${at}.image_url`), `input.${at}.image_url`)
}

function assertImages(inputs: readonly (Words | Picture)[]): void {
  const images = inputs.filter(({ type }) => type === 'image').length
  if (images > LIMITS.images)
    throw badParam('input', 'too_many_images', `a request has at most ${LIMITS.images} images`)
}

/** Numbers of 32 bits, the lowest byte first. */
const asBase64 = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64')
