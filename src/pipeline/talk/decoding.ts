import { FoveaError } from '../../errors.ts'
import { decodeStream } from '../../text/decode-stream.ts'
import { createSampler, type Sampler } from '../../text/sampling.ts'
import { createStopMatcher } from '../../text/stop.ts'
import type { Method } from '../method/method.ts'
import { methodError } from '../method/method-error.ts'
import { type Alternative, type Feed, lengthOf, type OwnedStep, type Step } from '../method/talk-side.ts'
import type { ModelParts } from '../parts.ts'
import type { AskOptions } from './ask-options.ts'
import type { Note, Reply } from './reply.ts'
import { reader } from './speculation.ts'
import type { Voices } from './voices.ts'

export const MAX_TOKENS = 128

/** An answer as it was made. */
export interface Decoded {
  readonly text: string
  readonly finishReason: Reply['finishReason']
  readonly generated: number
  /** Tokens and embeddings that steps had the model read. */
  readonly fed: number
  readonly notes: readonly Note[]
}

/** The sampler of an answer. Throws FoveaError `max_tokens_invalid`, `sampling_option_invalid`: before anything is read. */
export function samplerOf(options: AskOptions): Sampler {
  const { maxTokens = MAX_TOKENS } = options
  if (Number.isInteger(maxTokens) && maxTokens >= 0) return createSampler(options)
  throw new FoveaError('max_tokens_invalid', 'usage', `maxTokens must be a whole number from 0, got ${maxTokens}`)
}

/** Goes on from what a prompt ended with, token by token, until something ends the answer. */
export async function decode(
  parts: ModelParts,
  voices: Voices,
  sample: Sampler,
  options: AskOptions,
): Promise<Decoded> {
  const { maxTokens = MAX_TOKENS, signal, onToken } = options
  const speech = speak(parts, options)
  const steps = new Steps(voices, maxTokens)
  const read = reader(voices, options, parts.architecture.prompt.imageToken)
  const said: number[] = []
  const answer = async (): Promise<Reply['finishReason']> => {
    let end = maxTokens > 0 ? await steps.after(said) : 'length'
    while (!end && said.length < maxTokens) {
      if (signal?.aborted) return 'aborted'
      const may = options.allowed?.(said)
      if (may === 'end') return 'stop'
      const logits = voices.logits(said)
      const id = sample(only(options.reweigh?.(logits, said) ?? logits, may), voices.history)
      said.push(id)
      onToken?.(id, logits)
      if (speech.push(id)) return 'stop'
      if (voices.isFull || said.length + steps.fed >= maxTokens) break
      await read(id, maxTokens - said.length - steps.fed)
      end = await steps.after(said, id)
    }
    return end ?? 'length'
  }
  const finishReason = await answer()
  await voices.takeBack()
  if (!speech.isOver) speech.end()
  return { text: speech.text, finishReason, generated: said.length, fed: steps.fed, notes: steps.notes }
}

/** Logits of tokens that may not be said are lowest. */
const only = (logits: Float32Array, may: ((id: number) => boolean) | undefined): Float32Array =>
  may ? logits.map((value, id) => (may(id) ? value : Number.NEGATIVE_INFINITY)) : logits

/** What a method does after something was read. */
class Steps {
  readonly notes: Note[] = []
  fed = 0

  constructor(
    private readonly voices: Voices,
    private readonly most: number,
  ) {}

  /** Feeds what the method wants to be read; says why the answer ends here, if it does. */
  async after(said: readonly number[], token?: number): Promise<'stop' | 'length' | undefined> {
    if (!this.voices.method.talk?.step) return undefined
    let read: { token?: number; fed?: Feed } = { token }
    for (;;) {
      const found = await this.voices.step({ said, logits: this.voices.logits(said), ...read })
      for (const { by, note } of found)
        if (note !== undefined) this.notes.push({ by: nameOf(by), at: said.length, note })
      if (found.some(({ stop }) => stop)) return 'stop'
      const next = feedOf(found)
      if (!next) return undefined
      const [{ feed }] = next.alternatives
      const count = lengthOf(feed)
      if (said.length + this.fed + count > this.most) return 'length'
      await this.voices.feedMixed(next.alternatives, next.by)
      this.fed += count
      read = { fed: feed }
    }
  }
}

/** What is to be fed and by whom. Throws FoveaError `method_unfit` where two methods want to. */
function feedOf(found: readonly OwnedStep[]) {
  const [first, second] = found.filter(({ feed }) => feed && !('length' in feed && feed.length === 0))
  if (second)
    throw methodError(`${nameOf(first.by)} and ${nameOf(second.by)} both feed the answer at once; use one of the two`)
  return first?.feed && { alternatives: alternativesOf(first.feed), by: nameOf(first.by) }
}

const alternativesOf = (feed: NonNullable<Step['feed']>): readonly Alternative[] =>
  'length' in feed ? feed : [{ feed, weight: 1 }]

const nameOf = (by: unknown): string => (by as Method).name

/** Tokens to text, piece by piece, up to what ends an answer. */
function speak({ tokenizer, eosIds }: ModelParts, { stop = [], ignoreEos, onText }: AskOptions) {
  const stream = decodeStream(tokenizer, { skipSpecial: true })
  const matcher = createStopMatcher({ eosIds: ignoreEos ? [] : eosIds, stopStrings: stop })
  // A vocabulary that was rounded up has ids that stand for nothing.
  const pieceOf = (id: number) => (tokenizer.idToToken(id) === undefined ? '' : stream.push(id))
  const speech = { text: '', isOver: false }
  const say = (piece: string) => {
    speech.text += piece
    if (piece) onText?.(piece)
  }
  return Object.assign(speech, {
    /** Says a token; whether the answer ends with it. */
    push: (id: number): boolean => {
      const { text, reason } = matcher.push(id, pieceOf(id))
      say(text)
      speech.isOver = reason !== undefined
      return speech.isOver
    },
    /** Says what was held back. */
    end: () => say(matcher.end() + stream.end()),
  })
}
