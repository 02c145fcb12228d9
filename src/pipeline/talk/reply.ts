import type { SeenVideo } from '../pictures/seen-video.ts'

/** An answer and its account. */
export interface Reply {
  readonly text: string
  readonly finishReason: 'stop' | 'length' | 'aborted'
  readonly tokens: {
    /** Visual tokens: patches of the images, tokens given to the language model, tokens left in its last layer. */
    readonly visual: { readonly before: number; readonly after: number; readonly last: number }
    readonly text: number
    readonly cached: number
    readonly generated: number
  }
  /** Milliseconds per stage; `ttft` is preprocessing, vision and prefill together. */
  readonly milliseconds: Readonly<Record<'preprocess' | 'vision' | 'prefill' | 'decode' | 'ttft', number>>
  readonly flops: Readonly<Record<'vision' | 'prefill' | 'decode', number>>
  /** For each image, for each patch in raster order: 1 if it (or what it was merged into) reached the last layer. */
  readonly kept: readonly (readonly number[])[]
  /** For each video, in the order of the prompt: the frames that the model saw. */
  readonly videos: readonly SeenVideo[]
}
