import { FoveaError } from '../errors.ts'
import type { ChatMessage, MessagePart } from '../text/chat-template.ts'
import { decodeStream } from '../text/decode-stream.ts'
import { createSampler, type Sampler } from '../text/sampling.ts'
import { createStopMatcher } from '../text/stop.ts'
import type { ChunkResult, LanguageProgram } from './language-program.ts'
import { expandImages, inPromptOrder, layout, repeatPlaceholders } from './layout.ts'
import type { AskOptions, EncodedImage, ModelParts } from './parts.ts'
import { afterImages } from './plain-prompt.ts'
import type { SeenVideo } from './seen-video.ts'
import type { EncodedView } from './vision-program.ts'
import { writeVideos } from './written-videos.ts'

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

const MAX_TOKENS = 128

/** Images that are encoded anew for every text, for models whose visual tokens depend on it. */
export interface ImagesInQuestion {
  readonly count: number
  /** Encodes them all for a text. */
  encode(text: string): Promise<readonly EncodedImage[]>
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
    private readonly inQuestion?: ImagesInQuestion,
  ) {}

  private get views(): readonly EncodedView[] {
    return this.images.flatMap((image) => image.views)
  }

  private get imageCount(): number {
    return this.inQuestion?.count ?? this.images.length
  }

  /**
   * Asks about the images; earlier turns are remembered. An aborted turn keeps what it said so far.
   * @throws FoveaError `conversation_busy`, `conversation_closed`, `conversation_single`, and what options, template or model refuse
   */
  async ask(prompt: string, options: AskOptions = {}): Promise<Reply> {
    if (this.state === 'closed') throw turnError('closed', 'this conversation was closed; start a new one')
    if (this.state === 'answering') throw turnError('busy', 'one question at a time: await the answer to the last one')
    this.state = 'answering'
    const first = this.messages.length === 0
    const pictures: MessagePart[] = first ? this.pictures() : []
    const content: MessagePart[] = [...pictures, { type: 'text', text: prompt }]
    this.messages.push({ role: 'user', content })
    try {
      const reply = await this.answer(prompt, options)
      this.messages.push({ role: 'assistant', content: [{ type: 'text', text: reply.text }] })
      return reply
    } catch (error) {
      this.messages.pop()
      throw error
    } finally {
      if (this.state === 'answering') this.state = 'idle'
    }
  }

  /** Frees the KV cache; the conversation is over. */
  async close(): Promise<void> {
    this.state = 'closed'
    await this.language.close(this.key)
  }

  private async answer(prompt: string, options: AskOptions): Promise<Reply> {
    const { prompt: form, language } = this.parts.architecture
    const { imageToken } = form
    const sample = createSampler(options)
    assertMaxTokens(options.maxTokens)
    const text = this.textOf(prompt, options.rawPrompt)
    const written = writeVideos(text, this.parts, this.images)
    const said = form.imagesFirst ? await this.encodeImagesFirst(text) : this.encode(written?.text ?? text)
    this.images = written?.images ?? inPromptOrder(said, form, this.images)
    const ids = expandImages(said, imageToken, this.images)
    assertIds(ids, this.parts.architecture)
    const cached = language.answerStart === undefined ? await this.rewind(ids) : await this.restart()
    const news = ids.slice(cached)
    // By the cache, not by the turn: a first turn that failed half-way leaves the images there.
    const withImages = this.images.length > 0 && !this.fed.includes(imageToken)
    const prefill = await this.feed(news, withImages)
    if (withImages) this.lastKept = prefill.kept
    options.onPrefill?.(repeatPlaceholders(ids, imageToken, this.images), prefill.logits)
    const decoded = await this.decode(prefill.logits, sample, options)
    return this.report(withImages, { prompt: news.length, cached, prefill, ...decoded })
  }

  /** The whole prompt as text: by the family itself, as it was written, or by the chat template. */
  private textOf(prompt: string, isRaw = false): string {
    const { architecture, tokenizer } = this.parts
    const { name, prompt: form } = architecture
    if (!form.write) return isRaw ? prompt : this.render()
    if (this.messages.length > 1)
      throw turnError('single', `a ${name} answers one question; start a new conversation for the next`)
    return form.write(isRaw ? prompt : tokenizer.protect(prompt), this.images.length, tokenizer.bosToken)
  }

  /** What a first message holds before its text. */
  private pictures(): MessagePart[] {
    if (this.inQuestion) return new Array(this.inQuestion.count).fill({ type: 'image' })
    return this.images.map(({ video }) => ({ type: video ? 'video' : 'image' }))
  }

  /** All turns so far as one text, by the model's chat template, or by that for messages with videos. */
  private render(): string {
    const { template, tokenizer, architecture } = this.parts
    const { protect, bosToken, eosToken } = tokenizer
    const withVideos = this.images.some(({ video }) => video) && architecture.prompt.video?.written?.template
    return (withVideos || template).render(this.messages, { protect, bosToken, eosToken })
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
    if (!this.inQuestion || text === this.question) return
    this.images = await this.inQuestion.encode(text)
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

  private report(withImages: boolean, turn: Turn): Reply {
    const fresh = withImages ? this.images.filter((image) => !image.cached) : []
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
    const vision = sum(fresh.flatMap((image) => image.views.map((view) => view.milliseconds)))
    const preprocess = sum(fresh.map((image) => image.preprocessMilliseconds))
    const after = sum(this.views.map((view) => view.embeds.dims[0]))
    return {
      text: turn.text,
      finishReason: turn.finishReason,
      tokens: {
        visual: { before: sum(this.images.map((image) => image.patches)), after, last: this.lastKept.length },
        text: turn.prompt - (withImages ? this.views.length : 0),
        cached: turn.cached,
        generated: turn.generated,
      },
      milliseconds: {
        preprocess,
        vision,
        prefill: turn.prefill.milliseconds,
        decode: sum(turn.steps.map((step) => step.milliseconds)),
        ttft: preprocess + vision + turn.prefill.milliseconds,
      },
      flops: {
        vision: sum(fresh.flatMap((image) => image.views.map((view) => view.cost.flops))),
        prefill: this.language.cost(turn.prefill.sizes).flops,
        decode: decodeFlops(this.language, turn.steps),
      },
      kept: keptPatches(this.images, this.lastKept),
      videos: this.images.flatMap(({ video }) => video ?? []),
    }
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
function assertIds(ids: readonly number[], { language, prompt }: ModelParts['architecture']): void {
  const { vocabulary } = language
  const beyond = ids.find((id) => id >= vocabulary && id !== prompt.imageToken)
  if (beyond === undefined) return
  const message = `tokenizer.json gives token ${beyond}, the model has ${vocabulary}; the file is of another model`
  throw new FoveaError('token_id_invalid', 'input', message)
}

function assertMaxTokens(count = MAX_TOKENS): void {
  if (Number.isInteger(count) && count >= 0) return
  throw new FoveaError('max_tokens_invalid', 'usage', `maxTokens must be a whole number from 0, got ${count}`)
}

interface Turn {
  readonly text: string
  readonly finishReason: Reply['finishReason']
  readonly prompt: number
  readonly cached: number
  readonly generated: number
  readonly prefill: ChunkResult
  readonly steps: readonly ChunkResult[]
}

/** The cost of a step grows linearly with the past, so the first and the last step give the sum. */
function decodeFlops(language: LanguageProgram, steps: readonly ChunkResult[]): number {
  if (steps.length === 0) return 0
  const ends = [steps[0], steps[steps.length - 1]].map((step) => language.cost(step.sizes).flops)
  return ((ends[0] + ends[1]) / 2) * steps.length
}

/** Patches whose token reached the last layer, per image. */
function keptPatches(images: readonly EncodedImage[], lastKept: readonly number[]): number[][] {
  const alive = new Set(lastKept)
  let start = 0
  return images.map((image) =>
    image.views.flatMap((view) => {
      const first = start
      start += view.embeds.dims[0]
      return view.owner.map((token) => Number(token >= 0 && alive.has(first + token)))
    }),
  )
}
