import type { SeenVideo } from '../pictures/seen-video.ts'

/** An answer and its account. */
export interface Reply {
  readonly text: string
  readonly finishReason: 'stop' | 'length' | 'aborted'
  readonly tokens: {
    /**
     * Visual tokens: patches of the images, tokens given to the language model, tokens left in its last layer, and those that
     * each of its layers was given; the latter are absent where an encoder reads the prompt.
     */
    readonly visual: {
      readonly before: number
      readonly after: number
      readonly last: number
      readonly layers?: readonly number[]
    }
    readonly text: number
    readonly cached: number
    /** What of the prompt was cached, if anything was: tokens of text, and of pictures. */
    readonly reused?: { readonly text: number; readonly visual: number }
    readonly generated: number
    /** What steps of a method had the model read while it answered. */
    readonly fed?: number
  }
  /** Milliseconds per stage, of all branches and calls; `ttft` is preprocessing, vision and prefill together. */
  readonly milliseconds: Readonly<Record<'preprocess' | 'vision' | 'prefill' | 'decode' | 'ttft', number>>
  readonly flops: Readonly<Record<'vision' | 'prefill' | 'decode', number>>
  /** For each image, for each patch in raster order: 1 if it (or what it was merged into) reached the last layer. */
  readonly kept: readonly (readonly number[])[]
  /** Which way the patches went; absent without pictures. */
  readonly passage?: Passage
  /** For each video, in the order of the prompt: the frames that the model saw. */
  readonly videos: readonly SeenVideo[]
  /** Turns that the conversation forgot, where that was allowed. */
  readonly dropped?: number
  /** Other readings of the conversation that a method ran beside it; what they cost is in the sums above. */
  readonly branches?: readonly BranchAccount[]
  /** What methods noted while the answer was made. */
  readonly notes?: readonly Note[]
  /** Where guesses were asked for (`speculate`). */
  readonly speculation?: Guessed
  /** Of an answer that was put together from several: each of them, in order; what they cost is in the sums above. */
  readonly calls?: readonly Reply[]
}

/** A layer, counted from 0, and the visual tokens of the prompt that it was given. */
export interface Step {
  readonly layer: number
  readonly tokens: readonly number[]
}

/** What became of patches on their way through the language model. */
export interface Passage {
  /** For each picture, for each patch in raster order: the visual token of the prompt it went into, NaN where it has none. */
  readonly patches: readonly (readonly number[])[]
  /** Layers that were given other visual tokens than the one before, and which; the first is given all. */
  readonly steps: readonly Step[]
}

/** What came of guesses: tokens that were guessed and read, those of them that were said, and passes after the prompt. */
export interface Guessed {
  readonly proposed: number
  readonly accepted: number
  readonly passes: number
}

/** What a branch cost. */
export interface BranchAccount {
  /** The method that asked for it. */
  readonly by: string
  readonly tokens: Omit<Reply['tokens'], 'generated' | 'fed'>
  readonly milliseconds: Reply['milliseconds']
  readonly flops: Reply['flops']
}

export interface Note {
  readonly by: string
  /** Tokens of the answer that had been said. */
  readonly at: number
  readonly note: unknown
}
