import { FoveaError } from '../../errors.ts'
import { decodeStream } from '../../text/decode-stream.ts'
import { createSampler, type Sampler } from '../../text/sampling.ts'
import { createStopMatcher } from '../../text/stop.ts'
import type { ChunkResult } from '../flow/language-program.ts'
import type { ModelParts } from '../parts.ts'
import type { AskOptions } from './ask-options.ts'
import type { Reply } from './reply.ts'
import type { Strand } from './strand.ts'

const MAX_TOKENS = 128

/** An answer as it was made. */
export interface Decoded {
  readonly text: string
  readonly finishReason: Reply['finishReason']
  readonly generated: number
  readonly steps: readonly ChunkResult[]
}

/** The sampler of an answer. Throws FoveaError `max_tokens_invalid`, `sampling_option_invalid`: before anything is read. */
export function samplerOf(options: AskOptions): Sampler {
  const { maxTokens = MAX_TOKENS } = options
  if (Number.isInteger(maxTokens) && maxTokens >= 0) return createSampler(options)
  throw new FoveaError('max_tokens_invalid', 'usage', `maxTokens must be a whole number from 0, got ${maxTokens}`)
}

/** Goes on from the logits that a prompt ended with, token by token, until something ends the answer. */
export async function decode(
  parts: ModelParts,
  { cache }: Strand,
  start: Float32Array,
  sample: Sampler,
  options: AskOptions,
): Promise<Decoded> {
  const { maxTokens = MAX_TOKENS, signal, onToken } = options
  const speech = speak(parts, options)
  const steps: ChunkResult[] = []
  let [generated, logits, finishReason]: [number, Float32Array, Reply['finishReason']] = [0, start, 'length']
  while (generated < maxTokens) {
    if (signal?.aborted) {
      finishReason = 'aborted'
      break
    }
    const id = sample(logits, cache.history)
    generated++
    onToken?.(id)
    if (speech.push(id)) {
      finishReason = 'stop'
      break
    }
    if (cache.isFull) break
    if (generated < maxTokens) {
      const result = await cache.feedAnswer(id)
      steps.push(result)
      logits = result.logits
    }
  }
  if (finishReason !== 'stop') speech.end()
  return { text: speech.text, finishReason, generated, steps }
}

/** Tokens to text, piece by piece, up to what ends an answer. */
function speak({ tokenizer, eosIds }: ModelParts, { stop = [], ignoreEos, onText }: AskOptions) {
  const stream = decodeStream(tokenizer, { skipSpecial: true })
  const matcher = createStopMatcher({ eosIds: ignoreEos ? [] : eosIds, stopStrings: stop })
  // A vocabulary that was rounded up has ids that stand for nothing.
  const pieceOf = (id: number) => (tokenizer.idToToken(id) === undefined ? '' : stream.push(id))
  const speech = { text: '' }
  const say = (piece: string) => {
    speech.text += piece
    if (piece) onText?.(piece)
  }
  return Object.assign(speech, {
    /** Says a token; whether the answer ends with it. */
    push: (id: number): boolean => {
      const { text, reason } = matcher.push(id, pieceOf(id))
      say(text)
      return reason !== undefined
    },
    /** Says what was held back. */
    end: () => say(matcher.end() + stream.end()),
  })
}
