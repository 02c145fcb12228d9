import type { Value } from '../../runtime/index.ts'
import type { Allowed } from '../../text/grammar.ts'
import type { SamplingOptions } from '../../text/sampling.ts'
import type { Speculation } from './lookup.ts'

/**
 * How a question is asked and its answer made. How tokens are chosen and how many there may be is what the model's
 * generation_config.json says where nothing is asked for; where that says nothing, the most likely ones, at most 128.
 */
export interface AskOptions extends SamplingOptions {
  readonly maxTokens?: number
  /**
   * Reads several tokens of an answer in one pass where it repeats what was read or said: `prompt-lookup` guesses what
   * followed the same words before, and each guess is said only where the token chosen from the model's own logits is the
   * same. Guesses that do not pay are no longer read. Not for encoder-decoders, PaliGemma, rotary positions
   * that stretch with the text, nor methods with `talk.step` or a store.
   */
  readonly speculate?: Speculation
  /**
   * The prompt is the whole text for the model, special tokens included, with the image token where each image goes; the
   * chat template is left out.
   */
  readonly rawPrompt?: boolean
  readonly stop?: readonly string[]
  /** What may be said next, as `grammarOf` makes it; anything when absent. */
  readonly allowed?: (said: readonly number[]) => Allowed
  /** Goes on to `maxTokens` where the model would end its answer. */
  readonly ignoreEos?: boolean
  /**
   * In a conversation that has grown too long, the oldest turns are dropped until the answer has room; the pictures stay.
   * Otherwise it is refused.
   */
  readonly dropOldest?: boolean
  /** Ends the answer: at once while the prompt is read, later after the token under way. The reply then says `aborted`. */
  readonly signal?: AbortSignal
  /**
   * Called once the prompt has run: its token ids, with one placeholder per visual token, and the logits of its last
   * position, and what the heads of the method say.
   */
  readonly onPrefill?: (ids: readonly number[], logits: Float32Array, heads: Readonly<Record<string, Value>>) => void
  /** Changes the logits that a token is chosen from, such as by biases of a caller; what it is given stays as it is. */
  readonly reweigh?: (logits: Float32Array, said: readonly number[]) => Float32Array
  /** Called with each token of the answer and the logits of the model, [vocabulary], before anything of these options. */
  readonly onToken?: (id: number, logits: Float32Array) => void
  /** Called with each piece of the answer as it is generated. */
  readonly onText?: (text: string) => void
}
