/** What the metadata of every vision side say. */
import type { GgufFile } from '../../checkpoints/gguf.ts'
import type { GgufLanguage } from './language.ts'
import { ggufError, isSet, numbersAt, requiredAt } from './metadata.ts'
import type { Planned } from './planned.ts'

export interface VisionPart {
  /** config.json, and the settings of the image processor. */
  readonly config: Record<string, unknown>
  readonly preprocessor: Record<string, unknown>
  readonly tensors: ReadonlyMap<string, Planned>
  /** What stands before the names of the language model. */
  readonly languagePrefix: string
}

/** The id of a token, which is made where `isOutside` and the vocabulary lacks it: nothing looks its embedding up. */
export type TokenIds = (token: string, isOutside?: boolean) => number

export interface VisionKind {
  /** Architectures of the language models that it goes with. */
  readonly languages: readonly string[]
  read(file: GgufFile, language: GgufLanguage, tokenId: TokenIds): VisionPart
}

/** A key about images. */
export const at = (key: string): string => `clip.vision.${key}`

export const isSilu = (file: GgufFile): boolean => isSet(file, 'clip.use_silu')

/** ggml's gelu is the one with tanh. */
export const activationOf = (file: GgufFile, otherwise: string): string =>
  isSilu(file) ? 'silu' : isSet(file, 'clip.use_gelu') ? 'gelu_pytorch_tanh' : otherwise

export function sidesOf(file: GgufFile) {
  return {
    hidden_size: requiredAt(file, at('embedding_length')),
    intermediate_size: requiredAt(file, at('feed_forward_length')),
    num_hidden_layers: requiredAt(file, at('block_count')),
    num_attention_heads: requiredAt(file, at('attention.head_count')),
    image_size: requiredAt(file, at('image_size')),
    patch_size: requiredAt(file, at('patch_size')),
    layer_norm_eps: requiredAt(file, at('attention.layer_norm_epsilon')),
  }
}

export function normalisation(file: GgufFile) {
  const [image_mean, image_std] = [numbersAt(file, at('image_mean'), 3), numbersAt(file, at('image_std'), 3)]
  if (image_mean && image_std)
    return { do_normalize: true, image_mean, image_std, do_rescale: true, do_convert_rgb: true }
  throw ggufError(file, `${at('image_mean')} and ${at('image_std')} must be there`)
}
