import type { WeightTable } from '../checkpoints/weight-table.ts'
import type { Architecture } from '../models/family.ts'
import type { PreprocessorConfig } from '../models/views/image-processor.ts'
import type { ChatTemplate } from '../text/chat-template.ts'
import type { GenerationDefaults } from '../text/generation-config.ts'
import type { Tokenizer } from '../text/tokenizer.ts'
import type { EncodedView } from './flow/encoded-view.ts'
import type { AdapterSource } from './method/adapter.ts'
import type { Words } from './method/words.ts'
import type { SeenVideo } from './pictures/seen-video.ts'
import type { ViewJob } from './pictures/view-job.ts'
import type { PrecisionReport } from './precision-report.ts'
import type { ReadImage } from './talk/given.ts'

/** Everything a model folder holds, read and checked. */
export interface ModelParts {
  readonly name: string
  readonly architecture: Architecture
  readonly preprocessor: PreprocessorConfig
  readonly tokenizer: Tokenizer
  /** Of a connector that reads the question. */
  readonly questionTokenizer?: Tokenizer
  readonly template: ChatTemplate
  readonly eosIds: readonly number[]
  /** Which file names them; absent: none does, and answers go on to `maxTokens`. */
  readonly eosFile?: string
  /** How its authors want answers made. */
  readonly generation?: GenerationDefaults
  readonly weights: WeightTable
  /** Under a method: the words that it asks for, which the tokenizer knows then. */
  readonly words?: Words
  /** What its linear layers compute with. */
  readonly precision: PrecisionReport
  /** Finds the weights of methods; without it methods must bring theirs. */
  readonly adapters?: AdapterSource
  /** Reads images that are given as paths, URLs or bytes; without it they must be read already. */
  readonly readImage?: ReadImage
}

/** What stands for an image or a video in a prompt. */
export interface PromptPicture {
  /** Token ids; each view is one image token among them. */
  readonly prompt: readonly number[]
  /** The token that stands for it in prompts where that is not the image token: of videos. */
  readonly token?: number
  /** Of one that is written as text before the prompt is tokenized. */
  readonly written?: WrittenPicture
  /** Runs of visual tokens, one image token each. */
  readonly views: { readonly length: number }
}

/** A picture as text, which is tokenized together with what stands around it. */
export interface WrittenPicture {
  /** Stands for the picture in a prompt that is not yet written out. */
  readonly placeholder: string
  /** What is written in its place, with the image token once per view. */
  readonly text: string
}

/** What a picture takes in a prompt. */
export interface PromptSize {
  readonly tokens: number
  /** Where positions have several axes, fewer than tokens: the longest way through its grid. */
  readonly positions: number
}

/** An image, or a video, that is ready to be encoded. */
export interface PreparedImage extends PromptPicture {
  /** How large it will be: traced, not computed. At most so large where a method drops tokens before they are packed. */
  size(): PromptSize
  /** What is to be computed of it, so that pictures can be encoded together (`Host.encodePictures`). */
  begin(): Encoding
}

/** What is still to be computed of a picture: nothing where it is known. */
export interface Encoding {
  /** Pictures of one key are the same picture, seen in the same way. */
  readonly key?: string
  readonly jobs: readonly ViewJob[]
  /** @param views what became of the jobs, in their order */
  finish(views: readonly EncodedView[]): Promise<EncodedImage>
}

/** An image, or a video, as the language model will see it. */
export interface EncodedImage extends PromptPicture {
  readonly views: readonly EncodedView[]
  /** Of a video: which of its frames it holds. */
  readonly video?: SeenVideo
  /** Patches before any method, of the views the model itself would make. */
  readonly patches: number
  readonly preprocessMilliseconds: number
  readonly cached: boolean
}
