import type { RgbImage } from '../media/image.ts'
import type { FrameSampler } from '../media/video/sampling.ts'
import type { Video } from '../media/video.ts'
import type { Scope } from '../nn/index.ts'
import type { Tensor } from '../tensor/index.ts'
import type { PreprocessorConfig } from './image-processor.ts'
import type { DecoderOptions, DecoderResult, Hidden } from './language/sequence.ts'
import type { View } from './view.ts'

export type { View } from './view.ts'

/** What one layer of a vision encoder computed; special tokens (CLS) come first. */
export interface VisionLayer {
  /** Output, [b, special + n, d]. */
  readonly hidden: Tensor
  /** Keys before heads are split, [b, special + n, d]. */
  readonly keys: Tensor
  /** softmax(q k^T), [b, h, special + n, special + n]. */
  readonly attention: Tensor
}

/** Everything a vision encoder computed. What is not used is not executed. */
export interface VisionFeatures {
  readonly layers: readonly VisionLayer[]
  /** Patch tokens as the connector takes them, [b, n, d]. */
  readonly patches: Tensor
  /** Tokens before the patches in every layer (1 with CLS). */
  readonly special: number
  /** Special tokens that the connector takes beside the patches, [b, special, d]. */
  readonly specialTokens?: Tensor
  readonly grid: Grid
}

/** What a connector may look at beside the patches. */
export interface ConnectorContext {
  /** Everything the vision encoder computed; a method may have dropped some of its patches. */
  readonly vision: VisionFeatures
  /** Token ids of the question, i64 [1, t]; present where the architecture has a `question`. */
  readonly question?: Tensor
}

/** Visual tokens of a connector that does not make one of each patch. */
export interface ResampledTokens {
  /** [b, m, d text] */
  readonly states: Tensor
  /** For each patch the token that it counts to, i64 [b, n]. */
  readonly assignment: Tensor
}

export interface Grid {
  readonly rows: number
  readonly columns: number
  /** Places in time of the clips of a video, whose grids lie one behind the other; a still image is one at 0. */
  readonly times?: readonly number[]
}

/** Patches that lie in a view as a whole. */
export const wholePatches = ({ width, height }: Extent, patch: number): Grid => ({
  rows: Math.floor(height / patch),
  columns: Math.floor(width / patch),
})

/** A size in pixels. */
export interface Extent {
  readonly width: number
  readonly height: number
}

/** One place in a packed image: a patch of a view, both counted from 0, a mix of some, or what separates rows. */
export type PackedSlot = readonly PatchShare[] | 'separator'

export interface PatchShare {
  readonly view: number
  readonly patch: number
  /** Weights of a place sum to 1. */
  readonly weight: number
}

/** How a family reads a video. */
export interface VideoReader {
  /** Chooses the frames as the processor does that the model was trained with. */
  readonly sampler: FrameSampler
  /** Stands for a video in a prompt. */
  readonly token: number
  /** The frames, or clips of several, as the vision encoder takes them. */
  views(video: Video): View[]
  /** The order in which their patches enter the prompt, all in one run; view after view when absent. */
  pack?(views: readonly View[]): PackedSlot[]
}

/** A loaded architecture: its parts as tensor functions, with the config bound. */
export interface Architecture {
  readonly name: string
  readonly imageToken: number
  readonly patchSize: number
  /** Side in pixels of a square view that the vision encoder was trained on. */
  readonly viewSize: number
  /** Beginnings of the names of weights that a checkpoint may hold and this configuration does not need. */
  readonly ignored: readonly string[]
  readonly layers: number
  readonly heads: { readonly count: number; readonly keyValue: number; readonly width: number }
  readonly hiddenSize: number
  readonly vocabulary: number
  /** Positions that the language model has learnt, for prompt and answer together; absent: they go on. */
  readonly contextLength?: number
  /** Layers whose keys and values are kept; those of `layers` when absent. */
  readonly caches?: number
  /**
   * Of an encoder-decoder: the token that each answer begins with. The whole prompt goes through the encoder at once, so
   * every turn reads the conversation anew.
   */
  readonly answerStart?: number
  /** Weights that a checkpoint may leave out, and those whose values they have then. */
  readonly fallbacks?: Readonly<Record<string, string>>
  /**
   * The images come before the text, and before the tokens that begin every text. Prompts need no image token then, and
   * no chat template.
   */
  readonly imagesFirst?: boolean
  /** Images that a prompt may hold; any number when absent. */
  readonly maxImages?: number
  /**
   * A connector that reads the question (the text after `imagesFirst`): folder of its tokenizer in the model folder, and
   * how many tokens it takes.
   */
  readonly question?: { readonly tokenizer: string; readonly maxTokens: number }
  /**
   * Axes of the rotary positions. With 3 (time, row, column: M-RoPE) the patches of a view lie in a grid; absent: a
   * position is a place in the sequence.
   */
  readonly positionAxes?: 3
  /** Cuts an image into views. */
  views(image: RgbImage): View[]
  /** Cuts an image that is one of several in a prompt; as `views` when absent. */
  viewsOfSeveral?(image: RgbImage): View[]
  /**
   * The text that stands for an image of these views in a prompt, with the image token once per view; the image tokens
   * alone when absent.
   */
  expand?(views: readonly View[]): string
  /**
   * The whole prompt, from a question or from what was written as raw prompt: of families without turns, whose processor
   * writes prompts itself; by the chat template, or as it was written, when absent.
   */
  prompt?(text: string, images: number, beginning?: string): string
  /**
   * The order in which the patches of an image of this size enter the prompt, all views in one run with separators
   * between rows; view after view when absent.
   */
  pack?(image: Extent, views: readonly View[]): PackedSlot[]
  /** Absent: the family takes no video. */
  readonly video?: VideoReader
  /** The embedding of a separator, [d]. */
  separator?(p: Scope): Tensor
  /** Patches of a view of this size. */
  grid(view: View): Grid
  /** Pixels [b, 3, H, W] -> vision features. Of a clip [b, 3 frames, H, W], the frames of a channel side by side. */
  encode(p: Scope, pixels: Tensor): VisionFeatures
  /** Patch tokens [b, n, d vision] -> visual tokens [b, n, d text], or another number of them. */
  connect(p: Scope, patches: Tensor, context: ConnectorContext): Tensor | ResampledTokens
  embed(p: Scope, ids: Tensor): Tensor
  decode(p: Scope, start: Hidden, options: DecoderOptions): DecoderResult
  /** Normalised hidden states [..., d] -> logits [..., vocabulary]. */
  logits(p: Scope, hidden: Tensor): Tensor
}

/** A model family: which `model_type` values of config.json it reads, and how. */
export interface Family {
  readonly id: string
  readonly modelTypes: readonly string[]
  /** A name in a checkpoint file -> the name the program uses; undefined for weights it has no use for. */
  readonly weightName?: (name: string) => string | undefined
  /** Checks a parsed config.json and binds it. Throws FoveaError naming the field that does not fit. */
  bind(config: unknown, processor?: PreprocessorConfig): Architecture
}

export const family = (definition: Family): Family => definition
