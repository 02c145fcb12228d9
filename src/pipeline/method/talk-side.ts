import type { Architecture } from '../../models/family.ts'
import type { Value } from '../../runtime/index.ts'
import type { Tokenizer } from '../../text/tokenizer.ts'
import type { AskOptions } from '../talk/ask-options.ts'
import type { Message } from '../talk/message.ts'

/** A question with everything that was said before it, pictures in their parts, and how its answer is to be made. */
export interface Request {
  /** The last is the question. Those of the conversation itself, if they are this very list; others are asked aside. */
  readonly messages: readonly Message[]
  readonly options: AskOptions
}

/** What a function beside the programs may read. */
export interface TalkSite {
  readonly architecture: Architecture
  readonly tokenizer: Tokenizer
}

/** Logits of one branch for the next token, [vocabulary]. */
export interface BranchRow {
  readonly row: Float32Array
  /** The part of the method that asked for the branch. */
  readonly by?: unknown
}

export interface LogitsSite extends TalkSite {
  /** Of the branches that this method asked for, in its order. */
  readonly branches: readonly BranchRow[]
  /** Tokens of the answer so far. */
  readonly said: readonly number[]
}

export interface StepSite extends TalkSite {
  /** Tokens of the answer so far; where the last of them was just read, it is `token`, too. */
  readonly said: readonly number[]
  /** Absent where the prompt was just read, or what a step fed. */
  readonly token?: number
  /** What this method fed, where that was just read. */
  readonly fed?: Feed
  /** What the heads say where that was read. */
  readonly heads: Readonly<Record<string, Value>>
  /** For the next token, [vocabulary]. */
  readonly logits: Float32Array
}

/** Something to be read before the answer goes on; it is not said. Embeddings are [n, d language]. */
export type Feed = { readonly tokens: readonly number[] } | { readonly embeds: Value<Float32Array> }

/** Slots that it takes. */
export const lengthOf = (feed: Feed): number => ('tokens' in feed ? feed.tokens.length : feed.embeds.dims[0])

/** One of several things that may be read at a place, and what the words after it count. */
export interface Alternative {
  readonly feed: Feed
  /** At least 0; of all together more. */
  readonly weight: number
}

/** What is to happen after something was read. */
export interface Step {
  /**
   * Read by all branches; the step is asked again after it. Of several alternatives each is read by itself: what comes next
   * is of their mixture, sum_i w_i softmax(logits_i) / sum_i w_i, and the first is what has been read from then on.
   */
  readonly feed?: Feed | readonly Alternative[]
  /** Goes into the account of the answer. */
  readonly note?: unknown
  /** The answer ends here. */
  readonly stop?: true
}

/** The same, and the part of a method whose it is. */
export interface OwnedStep extends Step {
  readonly by: unknown
}
