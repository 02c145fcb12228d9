import type { EmbeddingModelV3 } from '@ai-sdk/provider'
import type { Assistant } from '../engine/assistant.ts'
import type { Picture, Words } from '../engine/job.ts'
import { imageBytes } from '../wire/image-url.ts'
import { picture, words } from '../wire/messages.ts'
import { PROVIDER } from './language-model.ts'

/** Values of one call. */
const MOST = 256

/** A model for `embed` and `embedMany`: a value is a text, or an image as its `data:image/...;base64,` URL. */
export const embeddingModel = (modelId: string, model: Pick<Assistant, 'embed'>): EmbeddingModelV3 => ({
  specificationVersion: 'v3',
  provider: PROVIDER,
  modelId,
  maxEmbeddingsPerCall: MOST,
  supportsParallelCalls: false,
  doEmbed: async ({ values, abortSignal: signal }) => {
    const job = { kind: 'embed', inputs: values.map(inputOf) } as const
    const { vectors, tokens } = await model.embed(job, { signal })
    return { embeddings: vectors.map((vector) => Array.from(vector)), usage: { tokens }, warnings: [] }
  },
})

function inputOf(value: string, at: number): Words | Picture {
  if (!/^data:image\//i.test(value)) return words(value)
  const param = `values.${at}`
  return picture(imageBytes(value, param), param)
}
