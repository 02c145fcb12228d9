import { assertArgument, assertOptions } from '../../errors.ts'
import type { RgbImage } from '../../media/image.ts'
import { f32 } from '../../runtime/index.ts'
import type { EncodedView } from '../flow/encoded-view.ts'
import type { Chunk, LanguageProgram } from '../flow/language-program.ts'
import type { Held } from '../flow/program-cache.ts'
import type { Method } from '../method/method.ts'
import type { Placement } from '../method/placement.ts'
import type { EncodedImage, ModelParts, PreparedImage } from '../parts.ts'
import { encodedBefore } from '../pictures/encoding.ts'
import type { AskOptions } from '../talk/ask-options.ts'
import { Conversation } from '../talk/conversation.ts'
import type { Host } from '../talk/host.ts'
import { layout } from '../talk/layout.ts'
import { ASK_FORMS } from '../talk/option-forms.ts'
import { placedBy } from '../talk/positions.ts'
import { encodePrompt, promptText } from '../talk/prompt.ts'
import type { Reply } from '../talk/reply.ts'
import { AskedStream } from './asked-stream.ts'
import { lookOfFrame } from './retrieval.ts'
import { streamError } from './stream-error.ts'

/** What streams need of a model. */
export interface StreamHost extends Host {
  /** Forgets what the frames of a stream left for the next. */
  forgetStream(key: string): Promise<void>
}

/** What a frame cost. */
export interface SeenFrame {
  /** Counted from 0. */
  readonly frame: number
  /** Seconds from the start of the stream. */
  readonly time?: number
  /** Visual tokens that it became. */
  readonly tokens: number
  readonly milliseconds: Readonly<Record<'preprocess' | 'vision' | 'prefill', number>>
  readonly flops: Readonly<Record<'vision' | 'prefill', number>>
  /** What methods noted of its tokens, by name: the mean of those that are left. */
  readonly signals?: Readonly<Record<string, number>>
}

const meansOf = (signals: EncodedView['signals']): Record<string, number> =>
  Object.fromEntries(
    Object.entries(signals).map(([name, { data }]) => [
      name,
      data.reduce((sum, value) => sum + value, 0) / data.length,
    ]),
  )

let streams = 0

/** Frames that are read as they come, and questions about them at any time. One call at a time. */
export class Stream {
  private state: 'idle' | 'busy' | 'closed' = 'idle'
  /** The last frame, which stands for all of them in prompts. */
  private last?: { readonly image: RgbImage; readonly prepared: PreparedImage; readonly view: EncodedView }
  private start = 0
  private frames = 0
  private patches = 0
  private position = 0

  private constructor(
    private readonly host: StreamHost,
    private readonly method: Method,
    private readonly held: Held<LanguageProgram>,
    private readonly key: string,
  ) {}

  /** Throws FoveaError `stream_unsupported`, and what `method` throws in this model. */
  static async open(host: StreamHost, method: Method): Promise<Stream> {
    assertStreams(host.parts, method)
    const held = await host.holdLanguage(method)
    const key = `stream-${streams++}`
    await held.program.open(key)
    return new Stream(host, method, held, key)
  }

  /** Rows in the cache of each layer. */
  get rows(): readonly number[] {
    return this.state === 'closed' ? [] : this.held.program.lengths(this.key)
  }

  /**
   * Reads the next frame.
   * @param time seconds from the start of the stream
   * @throws FoveaError `stream_closed`, `stream_busy`, `stream_frame`, `stream_full`, `stream_unsupported`
   */
  async see(image: RgbImage, options: { readonly time?: number } = {}): Promise<SeenFrame> {
    assertArgument('see', 'image', image, 'image')
    assertOptions('see', options, { time: 'number' })
    const { time } = options
    return this.alone(async () => {
      const { key, frames: index } = this
      const look = { method: this.method, alone: false, stream: { key, frame: index } }
      const prepared = await this.host.prepare(image, look)
      if (prepared.views.length !== 1)
        throw streamError(
          'unsupported',
          `${this.name} cuts an image into ${prepared.views.length} views; a frame must be one`,
        )
      const [encoded] = await this.host.encodePictures([prepared])
      const [view] = encoded.views
      this.assertFits(view)
      this.last = { image, prepared, view }
      if (index === 0) await this.begin()
      const read = await this.read([this.imageToken], view)
      this.frames++
      this.patches += encoded.patches
      return {
        frame: index,
        time,
        tokens: view.embeds.dims[0],
        milliseconds: {
          preprocess: encoded.preprocessMilliseconds,
          vision: view.milliseconds,
          prefill: read.milliseconds,
        },
        flops: { vision: view.cost.flops, prefill: this.held.program.cost(read.sizes).flops },
        ...(Object.keys(view.signals).length > 0 && { signals: meansOf(view.signals) }),
      }
    })
  }

  /**
   * Answers a question about what was seen so far. The stream stays as it is: questions do not know of each other.
   * @throws FoveaError `stream_closed`, `stream_busy`, `stream_empty`, `stream_window`, and what options refuse
   */
  async ask(question: string, options: AskOptions = {}): Promise<Reply> {
    assertArgument('ask', 'the question', question, 'string')
    assertOptions('ask', options, ASK_FORMS)
    return this.alone(async () => {
      if (!this.last) throw streamError('empty', 'the stream has no frame yet; see one before asking')
      const images = [this.last.image]
      const conversation = await Conversation.open(this.asked(question), this.method, { images, videos: [] })
      try {
        const reply = await conversation.ask(question, options)
        if (reply.tokens.text === 0) return reply // it was aborted before it was read
        const text = reply.tokens.text - this.start
        return { ...reply, tokens: { ...reply.tokens, text, cached: this.start + this.size * this.frames } }
      } finally {
        await conversation.close()
      }
    })
  }

  /** Frees the cache and what frames left for each other. */
  async close(): Promise<void> {
    if (this.state === 'closed') return
    if (this.state === 'busy') throw busy()
    this.state = 'closed'
    await this.held.program.close(this.key).finally(() => this.held.release())
    await this.host.forgetStream(this.key)
  }

  private get name(): string {
    return this.host.parts.architecture.name
  }

  private get imageToken(): number {
    return this.host.parts.architecture.prompt.imageToken
  }

  /** Tokens of a frame. */
  private get size(): number {
    return this.last?.view.embeds.dims[0] ?? 0
  }

  private async alone<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.state === 'closed') throw streamError('closed', 'this stream was closed; watch a new one')
    if (this.state === 'busy') throw busy()
    this.state = 'busy'
    try {
      return await work()
    } finally {
      this.state = 'idle'
    }
  }

  /** Reads what stands before all frames. */
  private async begin(): Promise<void> {
    const { parts } = this.host
    const content = [{ type: 'image' } as const, { type: 'text', text: '' } as const]
    const text = promptText(parts, { messages: [{ role: 'user', content }] })
    const { ids } = encodePrompt(parts, text, [this.last!.prepared])
    this.start = ids.indexOf(this.imageToken)
    if (this.start > 0) await this.read(ids.slice(0, this.start))
  }

  private async read(ids: readonly number[], view?: EncodedView) {
    const { architecture } = this.host.parts
    const place = (own: Placement) => placedBy(this.method, architecture, own)
    const how = { axes: architecture.language.positionAxes, place }
    const chunk = layout(ids, this.imageToken, view ? [view] : [], this.position, how)
    this.assertRoom(chunk.end)
    const result = await this.held.program.run(this.key, view ? this.looking(chunk) : chunk)
    this.position = chunk.end
    return result
  }

  /** A frame looks back as far as the method says; its tokens are of that frame. */
  private looking(chunk: Chunk): Chunk {
    const { store } = this.method.needs ?? {}
    const tags = chunk.tags && { ...chunk.tags, view: chunk.tags.view?.map((view) => (view < 0 ? view : this.frames)) }
    const extent = { start: this.start, size: chunk.order.length, frames: this.frames }
    const isEven = new Set(this.rows).size === 1
    return { ...chunk, tags, ...(store && isEven && { look: lookOfFrame(extent, this.rows.length, store) }) }
  }

  /** The host of a conversation about the frames so far. */
  private asked(question: string): Host {
    const { host, held, key, start, size, frames, position, method } = this
    const { tokenizer, architecture } = host.parts
    const program = new AskedStream({
      program: held.program,
      key,
      extent: { start, size, frames },
      position,
      axes: architecture.language.positionAxes,
      question: tokenizer.encode(question),
      store: method.needs?.store,
      method: method.name,
    })
    const prepare = async () => this.everything()
    return {
      parts: host.parts,
      assertOpen: () => host.assertOpen(),
      prepare,
      prepareVideo: prepare,
      encodePictures: (pictures) => host.encodePictures(pictures),
      holdLanguage: async () => ({ program, release: async () => {} }),
    }
  }

  /** All frames as one picture. Its tokens are in the cache already. */
  private everything(): PreparedImage {
    const { view, prepared } = this.last!
    const tokens = this.size * this.frames
    const embeds = { ...f32([0, view.embeds.dims[1]], new Float32Array(0)), dims: [tokens, view.embeds.dims[1]] }
    const nothing = { milliseconds: 0, cost: { flops: 0, bytes: 0 }, memory: {}, signals: {}, changedBy: [] }
    const all: EncodedView = { embeds, owner: [], grid: view.grid, ...nothing }
    const { prompt, written } = prepared
    const encoded: EncodedImage = {
      prompt,
      written,
      views: [all],
      patches: this.patches,
      preprocessMilliseconds: 0,
      cached: true,
    }
    return { ...encoded, size: () => ({ tokens, positions: tokens }), begin: () => encodedBefore(encoded) }
  }

  private assertFits({ embeds }: EncodedView): void {
    const [tokens] = embeds.dims
    if (tokens > 0 && (this.frames === 0 || tokens === this.size)) return
    const message = `a frame of ${tokens} tokens; those before it have ${this.size}, and all must be of one size`
    throw streamError('frame', tokens > 0 ? message : 'a frame of which the method leaves no token')
  }

  private assertRoom(end: number): void {
    const { contextLength } = this.host.parts.architecture.language
    if (end <= (contextLength ?? Number.POSITIVE_INFINITY)) return
    throw streamError('full', `the model has ${contextLength} positions, the stream takes ${end}; watch a new one`)
  }
}

const busy = () => streamError('busy', 'one frame or question at a time: await the one before')

/** Models that read a prompt as a whole cannot read it frame by frame. */
function assertStreams({ architecture }: ModelParts, { name, needs }: Method): void {
  const { prompt, language, vision } = architecture
  if (prompt.write || prompt.imagesFirst || language.answerStart !== undefined || vision.question)
    throw streamError(
      'unsupported',
      `${architecture.name} reads pictures and question at once, not frame by frame; use another model`,
    )
  if (needs?.question || needs?.prompt)
    throw streamError('unsupported', `${name} reads pictures anew for every question; it has no use for a stream`)
}
