import type { WeightTable } from '../checkpoints/weight-table.ts'
import type { OptionForm } from '../errors.ts'
import type { GivenImage } from '../media/image.ts'
import type { DualEncoder } from '../models/dual/dual-encoder.ts'
import type { PreprocessorConfig } from '../models/views/image-processor.ts'
import type { OneOrMore, ReadImage } from '../pipeline/talk/given.ts'
import type { Tokenizer } from '../text/tokenizer.ts'

/** Everything a folder of an image and text encoder holds, read and checked. */
export interface EmbedderParts {
  readonly name: string
  readonly encoder: DualEncoder
  readonly preprocessor: PreprocessorConfig
  readonly tokenizer: Tokenizer
  /** The class that tokenizer_config.json names; empty where it names none. */
  readonly tokenizerClass: string
  readonly weights: WeightTable
  /** Reads images that are given as paths, URLs or bytes; without it they must be read already. */
  readonly readImage?: ReadImage
}

/** An image and a text that are embedded together. */
export interface Note {
  readonly image: GivenImage
  readonly text: string
}

export interface EmbedOptions {
  /** Paths, URLs and bytes are read. */
  readonly images?: OneOrMore<GivenImage>
  readonly texts?: readonly string[]
  /** For models that read images and texts together, by a method with the head `embedding`. */
  readonly notes?: readonly Note[]
  /** Cuts texts that are too long, as the reference does on request; they are refused otherwise. */
  readonly truncate?: boolean
  readonly signal?: AbortSignal
}

export const EMBED_FORMS: Readonly<Record<keyof EmbedOptions, OptionForm>> = {
  images: 'any',
  texts: 'texts',
  notes: 'object',
  truncate: 'boolean',
  signal: 'signal',
}

/** Embeddings of length 1, in the order of what was given; each has as many numbers as `Embedder.width`. */
export interface Embeddings {
  readonly images: Float32Array[]
  readonly texts: Float32Array[]
  readonly notes?: Float32Array[]
}

/** What embeds, whatever model is behind it. */
export interface Embeds {
  /** Of the model. */
  readonly name: string
  readonly family: string
  /** Numbers in an embedding. */
  readonly width: number
  embed(options: EmbedOptions): Promise<Embeddings>
  /** Compares each image with each text. Throws FoveaError `embedding_invalid` for embeddings of another model. */
  similarity(embeddings: Embeddings): Similarity
  /** Frees the sessions and ends the engine. */
  dispose(): Promise<void>
}

/** How well images and texts fit: one row per image, one number per text. */
export interface Similarity {
  /** `logits_per_image` of the reference: scaled cosines. */
  readonly logits: Float32Array[]
  /** CLIP: of each text among the texts, summing to 1 per image. SigLIP: of each pair by itself. */
  readonly probabilities: Float32Array[]
}
