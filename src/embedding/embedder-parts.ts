import type { WeightTable } from '../checkpoints/weight-table.ts'
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

export interface EmbedOptions {
  /** Paths, URLs and bytes are read. */
  readonly images?: OneOrMore<GivenImage>
  readonly texts?: readonly string[]
  /** Cuts texts that are too long, as the reference does on request; they are refused otherwise. */
  readonly truncate?: boolean
  readonly signal?: AbortSignal
}

/** Embeddings of length 1, in the order of what was given; each has as many numbers as `Embedder.width`. */
export interface Embeddings {
  readonly images: Float32Array[]
  readonly texts: Float32Array[]
}

/** How well images and texts fit: one row per image, one number per text. */
export interface Similarity {
  /** `logits_per_image` of the reference: scaled cosines. */
  readonly logits: Float32Array[]
  /** CLIP: of each text among the texts, summing to 1 per image. SigLIP: of each pair by itself. */
  readonly probabilities: Float32Array[]
}
