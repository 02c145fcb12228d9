import { FoveaError } from '../errors.ts'
import type { Embeddings, Embeds, Similarity } from './embedder-parts.ts'

export interface SimilarityRule {
  readonly scale: number
  readonly bias: number
  readonly probability: 'softmax' | 'sigmoid'
}

/** scale * cosine + bias for each image and text, and the probabilities that follow. */
export function similarityOf({ images, texts }: Embeddings, { scale, bias, probability }: SimilarityRule): Similarity {
  const logits = images.map((image) => Float32Array.from(texts, (text) => scale * dot(image, text) + bias))
  const probabilities = logits.map(probability === 'softmax' ? softmax : sigmoid)
  return { logits, probabilities }
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, at) => sum + value * b[at], 0)

function softmax(logits: Float32Array): Float32Array {
  const top = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
  const powers = Array.from(logits, (value) => Math.exp(value - top))
  const total = powers.reduce((sum, value) => sum + value, 0)
  return Float32Array.from(powers, (value) => value / total)
}

const sigmoid = (logits: Float32Array): Float32Array => logits.map((value) => 1 / (1 + Math.exp(-value)))

/** Throws FoveaError `embedding_invalid` for embeddings that another model made. */
export function assertWidth(
  embeddings: readonly Float32Array[],
  { name, width }: Pick<Embeds, 'name' | 'width'>,
): void {
  const odd = embeddings.find(({ length }) => length !== width)
  if (!odd) return
  const message = `an embedding of ${odd.length} numbers; those of ${name} have ${width}`
  throw new FoveaError('embedding_invalid', 'usage', message)
}
