import type { RgbImage } from '../../media/image.ts'
import type { FrameSampler } from '../../media/video/sampling.ts'
import type { Video } from '../../media/video.ts'
import type { ChatTemplate } from '../../text/chat-template.ts'
import type { Extent, View } from './view.ts'

/** How pictures stand in the prompt: what is cut out of them, and what is written and laid out around it. */
export interface PromptForm {
  readonly imageToken: number
  /** The image token as text, of families whose config.json does not say its id: the tokenizer's counts then. */
  readonly imageTokenText?: string
  /**
   * What stands for an image in prompts, of families that write other tokens around those of the image: `expand` takes its
   * place before the prompt is tokenized. The image token itself when absent.
   */
  readonly placeholder?: string
  /** The chat template, of families whose files hold one that knows no images, or none. */
  readonly template?: string
  /** Images that a prompt may hold; any number when absent. */
  readonly maxImages?: number
  /**
   * The images come before the text, and before the tokens that begin every text. Prompts need no image token then, and
   * no chat template.
   */
  readonly imagesFirst?: boolean
  /** Absent: the family takes no video. */
  readonly video?: VideoReader
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
   * The order in which the patches of an image of this size enter the prompt, all views in one run with separators
   * between rows; view after view when absent.
   */
  pack?(image: Extent, views: readonly View[]): PackedSlot[]
  /**
   * Writes the whole prompt, from a question or from what was written as raw prompt: of families without turns, whose
   * processor writes prompts itself; by the chat template, or as it was written, when absent.
   */
  write?(text: string, images: number, beginning?: string): string
}

/** How a family reads a video. */
export interface VideoReader {
  /** Chooses the frames as the processor does that the model was trained with. */
  readonly sampler: FrameSampler
  /** Stands for a video in a prompt, and for each of its tokens; absent where the video is `written`. */
  readonly token?: number
  /** The frames, or clips of several, as the vision encoder takes them. */
  views(video: Video): View[]
  /** The order in which their patches enter the prompt, all in one run; view after view when absent. */
  pack?(views: readonly View[]): PackedSlot[]
  /** Of a family that writes a video as so many images with text around them; all tokens in one run when absent. */
  readonly written?: WrittenVideo
}

/** A video as text, which is tokenized together with what stands around it. */
export interface WrittenVideo {
  /** Stands for a video in a prompt that is not yet written out. */
  readonly placeholder: string
  /** Instead of the model's own template, of messages that hold a video. */
  readonly template?: ChatTemplate
  /** What is written in its place, with the image token once per view. */
  text(video: Video): string
}

/** One place in a packed image: a patch of a view, both counted from 0, a mix of some, or what separates rows. */
export type PackedSlot = readonly PatchShare[] | 'separator'

export interface PatchShare {
  readonly view: number
  readonly patch: number
  /** Weights of a place sum to 1. */
  readonly weight: number
}

/** How many frames of a video a family encodes as one. */
export function framesPerClip({ video }: Pick<PromptForm, 'video'>): number {
  const side = 224
  const image = { data: new Uint8Array(3 * side ** 2), width: side, height: side }
  return video?.views({ frames: [image], framesPerSecond: 1 })[0].clip?.frames.length ?? 1
}
