import { FoveaError } from '../../errors.ts'
import type { Architecture } from '../../models/family.ts'
import type { Value } from '../../runtime/index.ts'
import type { EncodedView } from '../flow/encoded-view.ts'
import type { Chunk, ChunkResult, LanguageProgram } from '../flow/language-program.ts'
import type { Held } from '../flow/program-cache.ts'
import type { Method } from '../method/method.ts'
import { methodError } from '../method/method-error.ts'
import type { Placement } from '../method/placement.ts'
import { layout } from './layout.ts'
import { placedBy, textPosition } from './positions.ts'

let caches = 0

/** Stands for an embedding among the token ids that were fed. */
const FED = -1

/** What a language program has read of a conversation, and what it is given next. */
export class Cache {
  /** Token ids whose keys and values are cached; a view counts as its one placeholder. */
  private fed: number[] = []
  /** Next rotary position; dropped tokens keep theirs. */
  private position = 0
  /** Whether a run failed half-way: then nobody knows what is in it. */
  private isBroken = false

  private constructor(
    private readonly architecture: Architecture,
    private readonly held: Held<LanguageProgram>,
    private readonly method: Method,
    private readonly key: string,
  ) {}

  /** An empty one under a key of its own; the program is held until it is closed. */
  static async open(architecture: Architecture, held: Held<LanguageProgram>, method: Method): Promise<Cache> {
    const key = `conversation-${caches++}`
    await held.program.open(key)
    return new Cache(architecture, held, method, key)
  }

  get program(): LanguageProgram {
    return this.held.program
  }

  get history(): readonly number[] {
    return this.fed
  }

  /** Whether there is no place for another token. */
  get isFull(): boolean {
    return this.room <= 0
  }

  /** How many more tokens there is a place for. */
  get room(): number {
    return (this.architecture.language.contextLength ?? Number.POSITIVE_INFINITY) - this.position
  }

  /** Whether pictures have been read. By the cache, not by the turn: one that failed half-way leaves them here. */
  get hasPictures(): boolean {
    return this.fed.includes(this.architecture.prompt.imageToken)
  }

  /** Empties it; returns what is left in it. */
  async restart(): Promise<number> {
    if (this.fed.length === 0) return 0
    await this.program.close(this.key)
    await this.program.open(this.key)
    this.fed = []
    this.position = 0
    return 0
  }

  /** Finds how much of a prompt is cached already; a changed ending is cut off, anything else starts anew. */
  async rewind(ids: readonly number[], mayRestart = false): Promise<number> {
    const common = this.common(ids)
    const stale = this.fed.slice(common)
    if (stale.includes(this.architecture.prompt.imageToken)) {
      if (mayRestart) return this.restart()
      throw new FoveaError(
        'template_rewrites',
        'input',
        'the chat template changed an earlier turn that held an image; start a new conversation',
      )
    }
    if (stale.includes(FED)) return this.restart() // methods may have changed how many rows of it each layer has
    if (stale.length) {
      await this.program.truncate(this.key, stale.length)
      this.fed = this.fed.slice(0, common)
      this.position -= stale.length
    }
    return common
  }

  /** How much of a prompt `rewind` would find; 0 where it could not cut off the rest. */
  shared(ids: readonly number[]): number {
    const common = this.common(ids)
    const stale = this.fed.slice(common)
    return stale.includes(FED) || stale.includes(this.architecture.prompt.imageToken) ? 0 : common
  }

  private common(ids: readonly number[]): number {
    let common = 0
    while (common < this.fed.length && common < ids.length - 1 && this.fed[common] === ids[common]) common++
    return common
  }

  /** Whether it holds what it was fed, and nothing else. */
  get isWhole(): boolean {
    return !this.isBroken
  }

  /** Of its keys and values at most: buffers double when they grow. */
  get bytes(): number {
    const { heads } = this.architecture.language
    const rows = this.program.lengths(this.key).reduce((sum, count) => sum + count, 0)
    const row = heads.keyValue * heads.width * Float32Array.BYTES_PER_ELEMENT
    return 2 * rows * (row + row)
  }

  /** Runs new prompt tokens through the model, each placeholder replaced by the visual tokens of the next view. */
  async feed(ids: readonly number[], views: readonly EncodedView[] = [], asked = 1): Promise<ChunkResult> {
    const { prompt, language } = this.architecture
    const { answerStart, positionAxes } = language
    const place = (own: Placement) => placedBy(this.method, this.architecture, own)
    const chunk = layout(ids, prompt.imageToken, views, this.position, { axes: positionAxes, place })
    this.assertRoom(chunk.end)
    const answer = answerStart === undefined ? undefined : [answerStart]
    const result = await this.run({ ...chunk, answer, asked })
    this.fed.push(...ids)
    this.position = chunk.end
    return result
  }

  /** Runs a token of the answer through the model, and guesses of what follows; of each it tells the logits. */
  async feedAnswer(id: number, guesses: readonly number[] = []): Promise<ChunkResult> {
    if (this.architecture.language.answerStart === undefined) return this.feed([id, ...guesses], [], 1 + guesses.length)
    this.fed.push(id)
    return this.run({ ...layout([], id, [], this.position), answer: [id] })
  }

  /**
   * Runs embeddings [n, d] through the model as if they were tokens.
   * @throws FoveaError `method_unfit` where the model is an encoder-decoder
   */
  async feedEmbeds(embeds: Value<Float32Array>, by: string): Promise<ChunkResult> {
    const { name, language } = this.architecture
    if (language.answerStart !== undefined)
      throw methodError(`${by} feeds embeddings into the answer, but ${name} is an encoder-decoder; use another model`)
    const [count] = embeds.dims
    const places = Array.from({ length: count }, (_, at) => textPosition(this.position + at, language.positionAxes))
    const [order, positions] = [[...places.keys()], places.flatMap(({ slots }) => slots[0].place)]
    this.assertRoom(this.position + count)
    const result = await this.run({ ids: [], visual: embeds, order, positions })
    this.fed.push(...new Array<number>(count).fill(FED))
    this.position += count
    return result
  }

  /** Takes back what was fed last: embeddings of which every layer has a row each, or tokens of an answer. */
  async unfeed(count: number): Promise<void> {
    await this.program.truncate(this.key, count)
    this.fed = this.fed.slice(0, this.fed.length - count)
    this.position -= count
  }

  private async run(chunk: Chunk): Promise<ChunkResult> {
    this.isBroken = true
    const result = await this.program.run(this.key, chunk)
    this.isBroken = false
    return result
  }

  private assertRoom(end: number): void {
    const { contextLength } = this.architecture.language
    if (end > (contextLength ?? Number.POSITIVE_INFINITY)) throw contextError(end, contextLength)
  }

  /** Frees it and gives the program back. */
  async close(): Promise<void> {
    await this.program.close(this.key).finally(() => this.held.release())
  }
}

const contextError = (length: number, most?: number): FoveaError =>
  new FoveaError(
    'context_full',
    'input',
    `the model has ${most} positions, the conversation takes ${length}; ask less at once or start a new conversation`,
  )
