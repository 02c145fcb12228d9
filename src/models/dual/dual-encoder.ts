import type { RgbImage } from '../../media/image.ts'
import type { Scope } from '../../nn/index.ts'
import type { Tensor } from '../../tensor/index.ts'
import type { PreprocessorConfig } from '../views/image-processor.ts'
import type { View } from '../views/view.ts'
import type { ImageInput } from './image-input.ts'

/** How texts become the input of a text encoder. */
export interface TextInput {
  /** Positions that the encoder has learnt. */
  readonly maxLength: number
  /** Every text is filled up to `maxLength`; otherwise as far as the longest of a batch. */
  readonly isFixedLength: boolean
  /** Fills up texts where the tokenizer names no padding token. */
  readonly padId: number
  /** What a text is changed to before it is tokenised, by the class that tokenizer_config.json names. */
  canonical?(text: string, tokenizerClass: string): string
  /** The position whose state stands for a text of these ids, which are not filled up yet. */
  pooledAt(ids: readonly number[]): number
}

/** Two encoders with a common space: an image and a text that fit lie close to each other. */
export interface DualEncoder {
  readonly name: string
  /** Side in pixels of the square images that it was trained on. */
  readonly imageSize: number
  readonly patchSize: number
  readonly images: ImageInput
  /** Numbers in an embedding. */
  readonly width: number
  readonly text: TextInput
  /** How logits become probabilities: over the texts of an image, or for each pair by itself. */
  readonly probability: 'softmax' | 'sigmoid'
  /** Throws FoveaError kind `input` for an image of which the encoder can take no view. */
  view(image: RgbImage): View
  /** The tensors of `images` by name -> embeddings [b, width], not normalised. */
  encodeImages(p: Scope, inputs: Readonly<Record<string, Tensor>>): Tensor
  /** Ids i64 [b, s] and the places i64 [b] of the pooled states among all b s -> embeddings [b, width], not normalised. */
  encodeTexts(p: Scope, ids: Tensor, places: Tensor): Tensor
  /** What cosines are multiplied with, [1]. */
  scale(p: Scope): Tensor
  /** What is added then, [1]. */
  bias?(p: Scope): Tensor
}

/** A family of image and text encoders: which `model_type` values of config.json it reads, and how. */
export interface DualFamily {
  readonly id: string
  readonly modelTypes: readonly string[]
  /** A name in a checkpoint file -> the name the program uses; undefined for weights it has no use for. */
  weightName(name: string): string | undefined
  /** Checks a parsed config.json and binds it. Throws FoveaError naming the field that does not fit. */
  bind(config: unknown, processor?: PreprocessorConfig): DualEncoder
}

export const dualFamily = (definition: DualFamily): DualFamily => definition

/** Buffers that older checkpoints hold, which are no weights. */
export const dualWeightName = (name: string): string | undefined => (name.endsWith('.position_ids') ? undefined : name)
