import { type Cost, f32, type Program } from '../../runtime/index.ts'
import type { Chunk, ChunkResult, LanguageProgram, Look } from '../flow/language-program.ts'
import { textPosition } from '../talk/positions.ts'
import { assertEven, type Extent, goneOn, lookAfter, lookOfQuestion, rowsOf, type Store } from './retrieval.ts'

/** One question to a stream: what has been read of it, and how the question goes on from there. */
export interface Asking {
  readonly program: LanguageProgram
  /** Of the stream's cache. */
  readonly key: string
  readonly extent: Extent
  /** Position of what comes after the last frame. */
  readonly position: number
  /** Axes of positions. */
  readonly axes?: number
  /** Token ids of the question alone, which frames are retrieved by. */
  readonly question: readonly number[]
  /** Where a method keeps keys unrotated. */
  readonly store?: Store
  readonly method: string
}

/**
 * The language model as a conversation about a stream sees it. The stream has been read already: of the prompt only what
 * comes after the frames is run, and when the conversation ends the cache is as it was before.
 */
export class AskedStream implements LanguageProgram {
  private look?: Look
  private isBegun = false
  /** Rows of each layer before the question. */
  private readonly before: readonly number[]

  constructor(private readonly asking: Asking) {
    this.before = asking.program.lengths(asking.key)
  }

  get program(): Program {
    return this.asking.program.program
  }

  async open(): Promise<void> {}

  async run(_: string, chunk: Chunk): Promise<ChunkResult> {
    if (this.isBegun) return this.go(chunk)
    this.isBegun = true
    if (this.asking.store) this.look = await this.retrieve(this.asking.store)
    const result = await this.go(afterFrames(chunk, this.asking))
    return { ...result, added: undefined, kept: this.seen() }
  }

  truncate(_: string, tokens: number): Promise<void> {
    return this.asking.program.truncate(this.asking.key, tokens)
  }

  lengths(): readonly number[] {
    return this.asking.program.lengths(this.asking.key)
  }

  /** Forgets the question and its answer, in all layers alike. */
  async close(): Promise<void> {
    const said = this.lengths()[0] - this.before[0]
    if (said > 0) await this.truncate('', said)
  }

  cost(sizes: Readonly<Record<string, number>>): Cost {
    return this.asking.program.cost(sizes)
  }

  async dispose(): Promise<void> {}

  /** What the layers are to look at; where each takes frames by itself, the bare question is run once for that. */
  private async retrieve(store: Store): Promise<Look> {
    const { program, key, extent, question, position, axes, method } = this.asking
    assertEven(program, key, method)
    const look = lookOfQuestion(extent, this.before.length, store)
    if (!look.blocks) return look
    const positions = question.flatMap((_, at) => textPosition(position + at, axes).slots[0].place)
    const order = [...question.keys()]
    const found = await program.run(key, { ids: question, visual: nothing, order, positions, look })
    await program.truncate(key, question.length)
    return lookAfter(extent, look, found, method)
  }

  private go(chunk: Chunk): Promise<ChunkResult> {
    const { program, key, store } = this.asking
    const since = [this.before[0], this.lengths()[0]] as const
    const look = this.look && store && goneOn(this.look, since, chunk.order.length, store)
    return program.run(key, look ? { ...chunk, look } : chunk)
  }

  /** Visual tokens that the last layer looks at. */
  private seen(): number[] {
    const { extent } = this.asking
    const rows = this.look?.rows.at(-1) ?? [...Array(rowsOf(extent)).keys()]
    return rows.filter((row) => row >= extent.start).map((row) => row - extent.start)
  }
}

const nothing = f32([0, 0], new Float32Array(0))

/** The part of a prompt that comes after its visual tokens, at the positions that follow those of the stream. */
function afterFrames({ ids, order, positions }: Chunk, { position, axes = 1 }: Asking): Chunk {
  const first = order.findLastIndex((from) => from >= ids.length) + 1
  const rest = order.slice(first).map((from) => ids[from])
  const placed = positions.slice(first * axes)
  const shift = position - (placed[0] ?? position)
  return { ids: rest, visual: nothing, order: [...rest.keys()], positions: placed.map((place) => place + shift) }
}
