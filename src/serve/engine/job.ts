/** What the server asks of the process that holds the model. All of it can be sent between processes. */

import type { Speculation } from '../../pipeline/talk/lookup.ts'
import type { Guessed } from '../../pipeline/talk/reply.ts'

/** How many pixels of an image are used: `low` at most 512 x 512, `high` at most 2048 x 2048, the others as many as it has. */
export type Detail = 'auto' | 'low' | 'high' | 'original'

/** An encoded image as it came, and where it stood in the request. */
export interface Picture {
  readonly type: 'image'
  readonly bytes: Uint8Array
  readonly detail: Detail
  readonly minPixels?: number
  readonly maxPixels?: number
  /** For messages, such as `messages.0.content.1`. */
  readonly param: string
}

export interface Words {
  readonly type: 'text'
  readonly text: string
}

export interface JobMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: readonly (Words | Picture)[]
}

/** A method as text, `visionzip:keep=.25`, or as the id of its paper with options. */
export type MethodChoice = string | { readonly id: string; readonly options?: Readonly<Record<string, unknown>> }

/** What an answer must look like. */
export type AnswerForm = { readonly schema: unknown } | { readonly regex: string }

export interface Sampling {
  readonly maxTokens?: number
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly minP?: number
  readonly repetitionPenalty?: number
  readonly presencePenalty?: number
  readonly frequencyPenalty?: number
  readonly seed?: number
  readonly stop?: readonly string[]
  readonly ignoreEos?: boolean
  readonly speculate?: Speculation
  /** Added to the logits of tokens, by their ids. */
  readonly bias?: Readonly<Record<string, number>>
}

export interface GenerateJob {
  readonly kind: 'generate'
  readonly messages: readonly JobMessage[]
  readonly method?: MethodChoice
  readonly sampling: Sampling
  readonly form?: AnswerForm
  /** How many alternatives are told with each token; absent: not even its own probability is. */
  readonly logprobs?: number
  /** Draw what the method kept of each image. */
  readonly overlay?: boolean
  /** Take the times as `measuredReply` does. */
  readonly isMeasured?: boolean
}

export interface CountJob {
  readonly kind: 'count'
  readonly messages: readonly JobMessage[]
  readonly method?: MethodChoice
}

export interface TokenizeJob {
  readonly kind: 'tokenize'
  readonly text: string
}

export interface DetokenizeJob {
  readonly kind: 'detokenize'
  readonly ids: readonly number[]
}

export interface EmbedJob {
  readonly kind: 'embed'
  readonly inputs: readonly (Words | Picture)[]
}

/** A picture of Fovea World with a question. */
export interface SampleJob {
  readonly kind: 'sample'
  readonly task?: string
  readonly index: number
}

export type Job = SampleJob | GenerateJob | CountJob | TokenizeJob | DetokenizeJob | EmbedJob

export interface TokenProbability {
  readonly id: number
  readonly token: string
  /** Natural logarithm of its probability. */
  readonly logprob: number
}

/** A token of the answer and the most likely ones in its place. */
export interface SaidToken extends TokenProbability {
  readonly top: readonly TokenProbability[]
}

/** What is told while a job is under way. */
export type Progress =
  /** Everything was accepted and the prompt was read: from here on an answer is certain. */
  | { readonly type: 'reading' }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'token'; readonly token: SaidToken }

/** How an image was used. */
export interface UsedImage {
  readonly width: number
  readonly height: number
  readonly usedWidth: number
  readonly usedHeight: number
  readonly detail: Detail
}

/** Patches of a view, and the part of the image in pixels that it shows; all of it if not said. */
export interface PatchGrid {
  readonly rows: number
  readonly columns: number
  readonly box?: { readonly left: number; readonly top: number; readonly width: number; readonly height: number }
}

export interface Generated {
  readonly text: string
  readonly finishReason: 'stop' | 'length'
  readonly method: string
  readonly tokens: {
    /** Of text and of pictures, as the language model was given them or found them in its cache. */
    readonly prompt: number
    /** Of text, those that were read anew. */
    readonly text: number
    /** Of the prompt, those that were in the cache, and those that were kept in it for later prompts. */
    readonly cached: number
    readonly written: number
    readonly generated: number
    readonly visual: {
      readonly before: number
      readonly after: number
      readonly last: number
      readonly layers?: readonly number[]
    }
  }
  /** Whether its prompt was kept for later ones: not where the method or the model reads each as a whole. */
  readonly keepsPrefix: boolean
  readonly milliseconds: Readonly<Record<'preprocess' | 'vision' | 'prefill' | 'decode' | 'ttft', number>>
  readonly flops: Readonly<Record<'vision' | 'prefill' | 'decode', number>>
  readonly speculation?: Guessed
  readonly images: readonly UsedImage[]
  /** Of each image, the patches that reached the last layer, counted in raster order through its views. */
  readonly kept: readonly (readonly number[])[]
  /** The views of each image, where its patches lie. */
  readonly views: readonly (readonly PatchGrid[])[]
  /** Of each image, for each patch, the visual token that it went into; -1 where it has none. */
  readonly patches: readonly (readonly number[])[]
  /** Layers that were given other visual tokens than the one before, and which; the first is given all. */
  readonly steps: readonly { readonly layer: number; readonly tokens: readonly number[] }[]
  /** PNG of each image. */
  readonly overlays?: readonly Uint8Array[]
}

export interface Counted {
  readonly text: number
  readonly visual: number
  readonly limit?: number
}

export interface Tokenized {
  readonly ids: readonly number[]
  readonly pieces: readonly string[]
}

export interface Embedded {
  readonly vectors: readonly Float32Array[]
  /** Of texts. */
  readonly tokens: number
}

export interface Sampled {
  readonly png: Uint8Array
  readonly task: string
  readonly question: string
  readonly answer: string
}

/** What comes of each kind of job. */
export interface Results {
  readonly sample: Sampled
  readonly generate: Generated
  readonly count: Counted
  readonly tokenize: Tokenized
  readonly detokenize: string
  readonly embed: Embedded
}

/** What a model is and takes, as the server tells its clients. */
export interface ModelFacts {
  readonly name: string
  readonly family: string
  readonly vocabulary: number
  readonly contextLength?: number
  readonly maxImages?: number
  readonly embeds: boolean
  readonly methods: readonly string[]
}
