import type { WeightTable } from '../checkpoints/weight-table.ts'
import type { Architecture } from '../models/family.ts'
import type { PreprocessorConfig } from '../models/views/image-processor.ts'
import type { ChatTemplate } from '../text/chat-template.ts'
import type { SamplingOptions } from '../text/sampling.ts'
import type { Tokenizer } from '../text/tokenizer.ts'
import type { EncodedView } from './flow/vision-program.ts'
import type { AdapterSource } from './method/adapter.ts'
import type { SeenVideo } from './pictures/seen-video.ts'
import type { PrecisionReport } from './precision-report.ts'

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
  readonly weights: WeightTable
  /** What its linear layers compute with. */
  readonly precision: PrecisionReport
  /** Finds the weights of methods; without it methods must bring theirs. */
  readonly adapters?: AdapterSource
}

export interface AskOptions extends SamplingOptions {
  readonly maxTokens?: number
  /**
   * The prompt is the whole text for the model, special tokens included, with the image token where each image goes; the
   * chat template is left out.
   */
  readonly rawPrompt?: boolean
  readonly stop?: readonly string[]
  /** Goes on to `maxTokens` where the model would end its answer. */
  readonly ignoreEos?: boolean
  readonly signal?: AbortSignal
  /**
   * Called once the prompt has run: its token ids, with one placeholder per visual token, and the logits of its last
   * position.
   */
  readonly onPrefill?: (ids: readonly number[], logits: Float32Array) => void
  /** Called with each token of the answer. */
  readonly onToken?: (id: number) => void
  /** Called with each piece of the answer as it is generated. */
  readonly onText?: (text: string) => void
}

/** An image, or a video, as the language model will see it. */
export interface EncodedImage {
  readonly views: readonly EncodedView[]
  /** Token ids that stand for the image in a prompt; each view is one image token among them. */
  readonly prompt: readonly number[]
  /** The token that stands for it in prompts where that is not the image token: of videos. */
  readonly token?: number
  /** Of a video: which of its frames it holds. */
  readonly video?: SeenVideo
  /** Of a video that is written as text: that text, with the image token once per view. */
  readonly text?: string
  /** Patches before any method, of the views the model itself would make. */
  readonly patches: number
  readonly preprocessMilliseconds: number
  readonly cached: boolean
}
