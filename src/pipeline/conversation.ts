import { FoveaError } from '../errors.ts'
import type { ChatMessage, MessagePart } from '../text/chat-template.ts'
import { decodeStream } from '../text/decode-stream.ts'
import { createSampler, type Sampler } from '../text/sampling.ts'
import { createStopMatcher } from '../text/stop.ts'
import type { ChunkResult, LanguageProgram } from './language-program.ts'
import { expandImages, layout, repeatPlaceholders, unifyPlaceholders } from './layout.ts'
import type { AskOptions, EncodedImage, ModelParts } from './parts.ts'
import type { EncodedView } from './vision-program.ts'

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
}

const MAX_TOKENS = 128

/** Several turns about the same images. One at a time: a turn starts when the one before has ended. */
export class Conversation {
  private readonly messages: ChatMessage[] = []
  /** Token ids whose keys and values are cached; a view counts as its one placeholder. */
  private fed: number[] = []
  /** Next rotary position; dropped tokens keep theirs. */
  private position = 0
  private lastKept: readonly number[] = []
  private state: 'idle' | 'answering' | 'closed' = 'idle'
  private readonly views: readonly EncodedView[]

  constructor(
    private readonly parts: ModelParts,
    private readonly language: LanguageProgram,
    private readonly images: readonly EncodedImage[],
    private readonly key: string,
  ) {
    this.views = images.flatMap((image) => image.views)
  }

  /**
   * Asks about the images; earlier turns are remembered. An aborted turn keeps what it said so far.
   * @throws FoveaError `conversation_busy`, `conversation_closed`, and what options, template or model refuse
   */
  async ask(prompt: string, options: AskOptions = {}): Promise<Reply> {
    if (this.state === 'closed') throw turnError('closed', 'this conversation was closed; start a new one')
    if (this.state === 'answering') throw turnError('busy', 'one question at a time: await the answer to the last one')
    this.state = 'answering'
    const first = this.messages.length === 0
    const pictures: MessagePart[] = first ? this.images.map(({ kind }) => ({ type: kind })) : []
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
    const { architecture } = this.parts
    const { imageToken } = architecture
    const sample = createSampler(options)
    assertMaxTokens(options.maxTokens)
    const said = this.encode(options.rawPrompt ? prompt : this.render())
    const ids = expandImages(unifyPlaceholders(said, architecture, this.images), imageToken, this.images)
    const cached = await this.rewind(ids)
    const news = ids.slice(cached)
    // By the cache, not by the turn: a first turn that failed half-way leaves the images there.
    const withImages = this.images.length > 0 && !this.fed.includes(imageToken)
    const prefill = await this.feed(news, withImages)
    if (withImages) this.lastKept = prefill.kept
    options.onPrefill?.(repeatPlaceholders(ids, imageToken, this.views), prefill.logits)
    const decoded = await this.decode(prefill.logits, sample, options)
    return this.report(withImages, { prompt: news.length, cached, prefill, ...decoded })
  }

  /** All turns so far as one text, by the model's chat template. */
  private render(): string {
    const { template, tokenizer } = this.parts
    const { protect, bosToken, eosToken } = tokenizer
    return template.render(this.messages, { protect, bosToken, eosToken })
  }

  /** Token ids of a whole prompt; it begins as the tokenizer wants, whether or not the text does. */
  private encode(text: string): readonly number[] {
    const { encode, prefix } = this.parts.tokenizer
    const ids = encode(text, { special: true })
    return prefix.every((id, at) => ids[at] === id) ? ids : [...prefix, ...ids]
  }

  /** Finds how much of the prompt is cached already; a changed ending is cut off, anything else starts anew. */
  private async rewind(ids: readonly number[]): Promise<number> {
    let common = 0
    while (common < this.fed.length && common < ids.length - 1 && this.fed[common] === ids[common]) common++
    const stale = this.fed.slice(common)
    if (stale.includes(this.parts.architecture.imageToken))
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
    const { imageToken, positionAxes } = this.parts.architecture
    const chunk = layout(ids, imageToken, withImages ? this.views : [], this.position, positionAxes)
    const result = await this.language.run(this.key, chunk)
    this.fed.push(...ids)
    this.position = chunk.end
    return result
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
      if (generated.length < maxTokens) {
        const result = await this.feed([id], false)
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
    }
  }
}

const turnError = (problem: 'busy' | 'closed', message: string): FoveaError =>
  new FoveaError(`conversation_${problem}`, 'usage', message)

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
