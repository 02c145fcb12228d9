import type { ChunkResult } from '../flow/language-program.ts'
import type { Method } from '../method/method.ts'
import type { EncodedImage, PreparedImage } from '../parts.ts'
import { Cache } from './cache.ts'
import { assertRoom, countPrompt, type PromptCount } from './count.ts'
import type { Host } from './host.ts'
import { repeatPlaceholders } from './layout.ts'
import type { Dialogue } from './messages.ts'
import { type Prefixes, sharesPrefixes } from './prefixes.ts'
import type { Prompt } from './prompt.ts'
import type { Step } from './reply.ts'
import { Sight } from './sight.ts'
import { type WriteOptions, writePrompt } from './write.ts'

/** A prompt that was read. */
export interface Reading {
  /** Token ids, with one placeholder per visual token. */
  readonly ids: readonly number[]
  /** Tokens that were cached, and those that were read anew; a view counts as one. */
  readonly cached: number
  readonly news: number
  readonly reused: { readonly text: number; readonly visual: number }
  readonly images: readonly EncodedImage[]
  /** Images whose encoding was paid for by this reading. */
  readonly fresh: readonly EncodedImage[]
  /** Views that were read anew. */
  readonly views: number
  /** Visual tokens that reached the last layer. */
  readonly lastKept: readonly number[]
  /** Visual tokens that each layer was given. */
  readonly visualRows?: readonly number[]
  /** Layers that were given other visual tokens than the one before, and which. */
  readonly steps: readonly Step[]
  readonly chunk: ChunkResult
}

export interface ReadOptions extends WriteOptions {
  /** Whether it may be read anew from its beginning where an earlier turn with a picture changed. */
  readonly mayRestart?: boolean
}

/** One way of reading a conversation: its pictures under a method, and a language program with a cache of its own. */
export class Strand {
  private images: readonly EncodedImage[] = []
  private lastKept: readonly number[] = []
  private visualRows?: readonly number[]
  private steps: readonly Step[] = []
  /** Encodings that were paid for. */
  private readonly paid = new WeakSet<EncodedImage>()

  private constructor(
    private readonly host: Host,
    private readonly reads: Method,
    private readonly sight: Sight,
    private held: Cache,
    /** Where it begins with what others have read, and leaves what it read. */
    private readonly prefixes?: Prefixes,
  ) {}

  get cache(): Cache {
    return this.held
  }

  /** One that sees pictures under a method and reads under another, or the same. */
  static async open(host: Host, sees: Method, reads = sees): Promise<Strand> {
    const held = await host.holdLanguage(reads)
    try {
      const { parts, prefixes } = host
      const isShared = [sees, reads].every((method) => sharesPrefixes(method, parts.architecture))
      const cache = await Cache.open(parts.architecture, held, reads)
      return new Strand(host, reads, new Sight(host, sees), cache, isShared ? prefixes : undefined)
    } catch (error) {
      await held.release()
      throw error
    }
  }

  /** Encodes pictures before anything is asked about them, unless their tokens depend on that. */
  async look(pictures: Pick<Dialogue, 'images' | 'videos'>): Promise<void> {
    if (this.sight.readsQuestion && pictures.images.length + pictures.videos.length > 0) return
    await this.host.encodePictures(await this.sight.prepare(pictures))
  }

  /** Reads a conversation up to a question, or what of it is new. */
  async read(dialogue: Dialogue, { isRaw, pictureToken, mayRestart }: ReadOptions = {}): Promise<Reading> {
    const prompt = await this.write(dialogue, { isRaw, pictureToken })
    // Where a method places tokens itself, that is known when they are laid out.
    const turns = dialogue.messages.filter(({ role }) => role === 'user').length
    if (!this.reads.read?.positions) assertRoom(countPrompt(this.host.parts, prompt), turns)
    const images = await this.host.encodePictures(prompt.images)
    await this.begin(prompt.ids, images)
    const cached = await this.rewind(prompt.ids, images, mayRestart)
    return this.feed(prompt.ids, cached)
  }

  /** What a conversation would take, without computing any of it. */
  async count(dialogue: Dialogue, options: ReadOptions = {}): Promise<PromptCount> {
    return countPrompt(this.host.parts, await this.write(dialogue, options))
  }

  private write(dialogue: Dialogue, options: ReadOptions): Promise<Prompt<PreparedImage>> {
    return writePrompt(this.host.parts, this.sight, dialogue, options)
  }

  /** Takes over what an earlier conversation has read of the same. */
  private async begin(ids: readonly number[], images: readonly EncodedImage[]): Promise<void> {
    if (this.cache.history.length > 0) return
    const known = this.prefixes?.take(this.cache.program, ids, images)
    if (!known) return
    await this.cache.close()
    const { cache, lastKept, visualRows } = known
    this.held = cache
    Object.assign(this, { images, lastKept, visualRows })
  }

  /** What is cached of a prompt. Nothing is where its pictures are others, or where every turn is read anew. */
  private async rewind(ids: readonly number[], images: readonly EncodedImage[], mayRestart = false): Promise<number> {
    const isSame = images.length === this.images.length && images.every((image, at) => image === this.images[at])
    this.images = images
    const isReadAnew = this.host.parts.architecture.language.answerStart !== undefined || this.reads.needs?.prompt
    return isSame && !isReadAnew ? this.cache.rewind(ids, mayRestart) : this.cache.restart()
  }

  /** Tokens of a prompt that were cached, where the views of its pictures count as the tokens that they are. */
  private reused(cached: number, fresh: number): Reading['reused'] {
    const views = fresh > 0 ? [] : this.images.flatMap((image) => image.views)
    return { text: cached - views.length, visual: views.reduce((sum, { embeds }) => sum + embeds.dims[0], 0) }
  }

  private async feed(ids: readonly number[], cached: number): Promise<Reading> {
    const { images, cache } = this
    const news = ids.slice(cached)
    const views = cache.hasPictures ? [] : images.flatMap((image) => image.views)
    const chunk = await cache.feed(news, views)
    if (views.length > 0) {
      const { answerStart } = this.host.parts.architecture.language
      const text = news.length - views.length
      this.lastKept = chunk.kept
      this.steps = chunk.steps
      const added = answerStart === undefined ? chunk.added : undefined
      this.visualRows = added?.map((rows) => Math.max(0, rows - text))
    }
    const fresh = views.length > 0 ? images.filter((image) => !image.cached && !this.paid.has(image)) : []
    for (const image of fresh) this.paid.add(image)
    const { imageToken } = this.host.parts.architecture.prompt
    return {
      ids: repeatPlaceholders(ids, imageToken, images),
      cached,
      reused: this.reused(cached, views.length),
      news: news.length,
      images,
      fresh,
      views: views.length,
      lastKept: this.lastKept,
      visualRows: this.visualRows,
      steps: this.steps,
      chunk,
    }
  }

  close(): Promise<void> {
    const { prefixes, cache, images, lastKept, visualRows } = this
    if (!prefixes || !cache.isWhole || cache.history.length === 0) return cache.close()
    return prefixes.keep({ cache, images, lastKept, visualRows })
  }
}
