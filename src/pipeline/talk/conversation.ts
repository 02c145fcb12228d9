import { FoveaError } from '../../errors.ts'
import type { ChatMessage, MessagePart } from '../../text/chat-template.ts'
import { decodeStream } from '../../text/decode-stream.ts'
import { createSampler, type Sampler } from '../../text/sampling.ts'
import { breakApart } from '../../text/special-tokens.ts'
import { createStopMatcher } from '../../text/stop.ts'
import type { ChunkResult, LanguageProgram } from '../flow/language-program.ts'
import type { EncodedView } from '../flow/vision-program.ts'
import type { AskOptions, EncodedImage, ModelParts } from '../parts.ts'
import { expandImages, inPromptOrder, layout, repeatPlaceholders } from './layout.ts'
import { assertSpeakable } from './messages.ts'
import { afterImages, textOf } from './plain-prompt.ts'
import { type Reply, replyOf } from './reply.ts'
import { type ReplyStream, streamReply } from './reply-stream.ts'
import { writeVideos } from './written-videos.ts'

const MAX_TOKENS = 128

/** Images that are encoded anew for every text, for models whose visual tokens depend on it. */
export interface ImagesInQuestion {
  readonly count: number
  /** Encodes them all for a text. */
  encode(text: string): Promise<readonly EncodedImage[]>
}

interface ConversationRest {
  readonly inQuestion?: ImagesInQuestion
  /** Called when the language program is needed no longer. */
  release?(): Promise<void>
}

/** Several turns about the same images. One at a time: a turn starts when the one before has ended. */
export class Conversation {
  private readonly messages: ChatMessage[] = []
  /** Token ids whose keys and values are cached; a view counts as its one placeholder. */
  private fed: number[] = []
  /** Next rotary position; dropped tokens keep theirs. */
  private position = 0
  private lastKept: readonly number[] = []
  private state: 'idle' | 'answering' | 'closed' = 'idle'
  /** What the images were last encoded for. */
  private question?: string

  constructor(
    private readonly parts: ModelParts,
    private readonly language: LanguageProgram,
    private images: readonly EncodedImage[],
    private readonly key: string,
    private readonly rest: ConversationRest = {},
  ) {}

  private get views(): readonly EncodedView[] {
    return this.images.flatMap((image) => image.views)
  }

  private get imageCount(): number {
    return this.rest.inQuestion?.count ?? this.images.length
  }

  /**
   * Asks about the images; earlier turns are remembered. An aborted turn keeps what it said so far.
   * @throws FoveaError `conversation_busy`, `conversation_closed`, `conversation_single`, and what options, template or model refuse
   */
  async ask(prompt: string, options: AskOptions = {}): Promise<Reply> {
    const pictures = this.messages.length === 0 ? this.pictures() : []
    return this.turn([{ role: 'user', content: [...pictures, { type: 'text', text: prompt }] }], prompt, options)
  }

  /** As `ask`, piece by piece. */
  stream(prompt: string, options: AskOptions = {}): ReplyStream {
    return streamReply((own) => this.ask(prompt, { ...options, ...own }), options)
  }

  /**
   * Begins the conversation with turns that were said elsewhere and answers the last of them: one prefill of it all.
   * @param messages with a part for each picture, in their order
   * @throws FoveaError `messages_unsupported`, `messages_invalid`, and what `ask` throws
   */
  async answerLast(messages: readonly ChatMessage[], options: AskOptions = {}): Promise<Reply> {
    if (this.messages.length > 0 || options.rawPrompt) {
      const problem = options.rawPrompt
        ? 'rawPrompt goes with a prompt, not with messages'
        : 'the conversation has begun'
      throw new FoveaError('messages_invalid', 'usage', problem)
    }
    assertSpeakable(messages, this.parts)
    return this.turn(messages, textOf(messages[messages.length - 1]), options)
  }

  /** Adds messages, of which the last is a question of this text, and the answer to it. */
  private async turn(added: readonly ChatMessage[], prompt: string, options: AskOptions): Promise<Reply> {
    if (this.state === 'closed') throw turnError('closed', 'this conversation was closed; start a new one')
    if (this.state === 'answering') throw turnError('busy', 'one question at a time: await the answer to the last one')
    this.state = 'answering'
    const before = this.messages.length
    this.messages.push(...added)
    try {
      const reply = await this.answer(prompt, options)
      this.messages.push({ role: 'assistant', content: [{ type: 'text', text: reply.text }] })
      return reply
    } catch (error) {
      this.messages.length = before
      throw error
    } finally {
      if (this.state === 'answering') this.state = 'idle'
    }
  }

  /** Frees the KV cache; the conversation is over. */
  async close(): Promise<void> {
    if (this.state === 'closed') return
    this.state = 'closed'
    await this.language.close(this.key).finally(() => this.rest.release?.())
  }

  private async answer(prompt: string, options: AskOptions): Promise<Reply> {
    const { prompt: form, language } = this.parts.architecture
    const { imageToken } = form
    const sample = createSampler(options)
    assertMaxTokens(options.maxTokens)
    const text = this.promptText(prompt, options.rawPrompt)
    const written = writeVideos(text, this.parts, this.images)
    const said = form.imagesFirst ? await this.encodeImagesFirst(text) : this.encode(written?.text ?? text)
    this.images = written?.images ?? inPromptOrder(said, form, this.images)
    const ids = expandImages(said, imageToken, this.images)
    assertIds(ids, this.parts)
    const cached = language.answerStart === undefined ? await this.rewind(ids) : await this.restart()
    const news = ids.slice(cached)
    // By the cache, not by the turn: a first turn that failed half-way leaves the images there.
    const withImages = this.images.length > 0 && !this.fed.includes(imageToken)
    const prefill = await this.feed(news, withImages)
    if (withImages) this.lastKept = prefill.kept
    options.onPrefill?.(repeatPlaceholders(ids, imageToken, this.images), prefill.logits, prefill.heads)
    const decoded = await this.decode(prefill.logits, sample, options)
    const { images, lastKept, language: program } = this
    return replyOf({ prompt: news.length, cached, prefill, ...decoded }, { images, withImages, lastKept, program })
  }

  /** The whole prompt as text: by the family itself, as it was written, or by the chat template. */
  private promptText(prompt: string, isRaw = false): string {
    const { architecture, tokenizer } = this.parts
    const { name, prompt: form } = architecture
    if (!form.write) return isRaw ? prompt : this.render()
    if (this.messages.length > 1)
      throw turnError('single', `a ${name} answers one question; start a new conversation for the next`)
    return form.write(isRaw ? prompt : tokenizer.protect(prompt), this.images.length, tokenizer.bosToken)
  }

  /** What a first message holds before its text. */
  private pictures(): MessagePart[] {
    if (this.rest.inQuestion) return new Array(this.rest.inQuestion.count).fill({ type: 'image' })
    return this.images.map(({ video }) => ({ type: video ? 'video' : 'image' }))
  }

  /** All turns so far as one text, by the model's chat template, or by that for messages with videos. */
  private render(): string {
    const { template, tokenizer, architecture } = this.parts
    const { bosToken, eosToken } = tokenizer
    const written = this.images.some(({ text }) => text !== undefined) ? architecture.prompt.video?.written : undefined
    const protect = (text: string) =>
      written ? breakApart(tokenizer.protect(text), written.placeholder) : tokenizer.protect(text)
    return (written?.template ?? template).render(this.messages, { protect, bosToken, eosToken })
  }

  /** Token ids of a whole prompt; it begins as the tokenizer wants, unless the family itself says how. */
  private encode(text: string): readonly number[] {
    const { architecture, tokenizer } = this.parts
    const { encode, prefix } = tokenizer
    const ids = encode(text, { special: true })
    return architecture.prompt.write || prefix.every((id, at) => ids[at] === id) ? ids : [...prefix, ...ids]
  }

  /** The image tokens, then the ids of the text as if it stood alone. */
  private async encodeImagesFirst(prompt: string): Promise<readonly number[]> {
    const { architecture, tokenizer } = this.parts
    const { imageToken } = architecture.prompt
    const text = afterImages(prompt, tokenizer.idToToken(imageToken), this.imageCount)
    await this.lookAgain(tokenizer.unprotect(text))
    const closed = [...this.encode(text), ...tokenizer.suffix]
    return [...new Array<number>(this.imageCount).fill(imageToken), ...closed]
  }

  /** Encodes the images for a text that they have not been encoded for; nothing of the cache holds for it. */
  private async lookAgain(text: string): Promise<void> {
    if (!this.rest.inQuestion || text === this.question) return
    this.images = await this.rest.inQuestion.encode(text)
    this.question = text
    await this.restart()
  }

  /** Empties the cache; returns what is left in it. */
  private async restart(): Promise<number> {
    await this.language.close(this.key)
    await this.language.open(this.key)
    this.fed = []
    this.position = 0
    return 0
  }

  /** Finds how much of the prompt is cached already; a changed ending is cut off, anything else starts anew. */
  private async rewind(ids: readonly number[]): Promise<number> {
    let common = 0
    while (common < this.fed.length && common < ids.length - 1 && this.fed[common] === ids[common]) common++
    const stale = this.fed.slice(common)
    if (stale.includes(this.parts.architecture.prompt.imageToken))
      throw new FoveaError(
        'template_rewrites',
        'input',
        'the chat template changed an earlier turn that held an image; start a new conversation',
      )
    if (stale.length) {
      await this.language.truncate(this.key, stale.length)
      this.fed = this.fed.slice(0, common)
      this.position -= stale.length
    }
    return common
  }

  /** Runs new prompt tokens through the model, each view's placeholder replaced by its visual tokens. */
  private async feed(ids: readonly number[], withImages: boolean): Promise<ChunkResult> {
    const { prompt, language } = this.parts.architecture
    const { contextLength, answerStart, positionAxes } = language
    const chunk = layout(ids, prompt.imageToken, withImages ? this.views : [], this.position, positionAxes)
    if (chunk.end > (contextLength ?? Number.POSITIVE_INFINITY)) throw contextError(chunk.end, contextLength)
    const answer = answerStart === undefined ? undefined : [answerStart]
    const result = await this.language.run(this.key, { ...chunk, answer })
    this.fed.push(...ids)
    this.position = chunk.end
    return result
  }

  /** Runs a token of the answer through the model. */
  private async feedAnswer(id: number): Promise<ChunkResult> {
    if (this.parts.architecture.language.answerStart === undefined) return this.feed([id], false)
    this.fed.push(id)
    return this.language.run(this.key, { ...layout([], id, [], this.position), answer: [id] })
  }

  private async decode(start: Float32Array, sample: Sampler, options: AskOptions) {
    const { maxTokens = MAX_TOKENS, stop = [], ignoreEos, signal, onText, onToken } = options
    const stream = decodeStream(this.parts.tokenizer, { skipSpecial: true })
    const matcher = createStopMatcher({ eosIds: ignoreEos ? [] : this.parts.eosIds, stopStrings: stop })
    const generated: number[] = []
    const steps: ChunkResult[] = []
    let [text, logits, finishReason]: [string, Float32Array, Reply['finishReason']] = ['', start, 'length']
    const say = (piece: string) => {
      text += piece
      if (piece) onText?.(piece)
    }
    while (generated.length < maxTokens) {
      if (signal?.aborted) {
        finishReason = 'aborted'
        break
      }
      const id = sample(logits, this.fed)
      generated.push(id)
      onToken?.(id)
      const step = matcher.push(id, this.hasText(id) ? stream.push(id) : '')
      say(step.text)
      if (step.reason) {
        finishReason = 'stop'
        break
      }
      if (this.position === this.parts.architecture.language.contextLength) break // there is no place for another token
      if (generated.length < maxTokens) {
        const result = await this.feedAnswer(id)
        steps.push(result)
        logits = result.logits
      }
    }
    if (finishReason !== 'stop') say(matcher.end() + stream.end())
    return { text, finishReason, generated: generated.length, steps }
  }

  /** A vocabulary that was rounded up has ids that stand for nothing. */
  private hasText(id: number): boolean {
    return this.parts.tokenizer.idToToken(id) !== undefined
  }
}

const contextError = (length: number, most?: number): FoveaError =>
  new FoveaError(
    'context_full',
    'input',
    `the model has ${most} positions, the conversation takes ${length}; ask less at once or start a new conversation`,
  )

const turnError = (problem: 'busy' | 'closed' | 'single', message: string): FoveaError =>
  new FoveaError(`conversation_${problem}`, 'usage', message)

/** The model's own vocabulary counts: reading past the table of embeddings would end the engine. */
function assertIds(ids: readonly number[], { architecture: { language, prompt }, words }: ModelParts): void {
  const { vocabulary } = language
  const isOwn = (id: number) => words !== undefined && id >= words.first
  const beyond = ids.find((id) => id >= vocabulary && id !== prompt.imageToken && !isOwn(id))
  if (beyond === undefined) return
  const message = `tokenizer.json gives token ${beyond}, the model has ${vocabulary}; the file is of another model`
  throw new FoveaError('token_id_invalid', 'input', message)
}

function assertMaxTokens(count = MAX_TOKENS): void {
  if (Number.isInteger(count) && count >= 0) return
  throw new FoveaError('max_tokens_invalid', 'usage', `maxTokens must be a whole number from 0, got ${count}`)
}
