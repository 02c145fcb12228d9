import type { Value } from '../../runtime/index.ts'
import type { ChunkResult } from '../flow/language-program.ts'
import { memoryName } from '../flow/trace-vision.ts'
import type { Branch, Method } from '../method/method.ts'
import { methodError } from '../method/method-error.ts'
import {
  type Alternative,
  type BranchRow,
  type Feed,
  lengthOf,
  type OwnedStep,
  type Request,
  type StepSite,
  type TalkSite,
} from '../method/talk-side.ts'
import type { Host } from './host.ts'
import { arrange } from './messages.ts'
import { mixture } from './mixture.ts'
import { type Reading, Strand } from './strand.ts'

/** One reading of a conversation while an answer is made. */
export interface Voice {
  readonly strand: Strand
  /** The part of the method that asked for it; absent of the answer itself. */
  readonly by?: Method
  readonly reading: Reading
  /** What was read last: logits of a step are dropped at the next, or a long answer would hold as many vocabularies. */
  last: ChunkResult
  /** What it read after the prompt. */
  readonly steps: StepCost[]
}

/** What a step took, and the sizes that say what it computed. */
export type StepCost = Pick<ChunkResult, 'milliseconds' | 'sizes'>

interface Other {
  readonly how: string
  readonly strand: Strand
}

/** All readings of a conversation that go into one answer, fed with the same tokens; the first is the answer's own. */
export class Voices {
  private others: readonly Other[] = []
  private speaking: readonly Voice[] = []
  /** Guesses that were read and not said yet, the last tokens of all caches. */
  private ahead: readonly number[] = []
  private counted = { proposed: 0, accepted: 0 }

  private constructor(
    private readonly host: Host,
    readonly method: Method,
    readonly own: Strand,
  ) {}

  static async open(host: Host, method: Method): Promise<Voices> {
    return new Voices(host, method, await Strand.open(host, method))
  }

  get site(): TalkSite {
    const { architecture, tokenizer } = this.host.parts
    return { architecture, tokenizer }
  }

  /** Reads what was asked in all ways that the method wants. */
  async read(asked: Request, mayRestart = false): Promise<readonly Voice[]> {
    const how = { isRaw: asked.options.rawPrompt, mayRestart }
    const branches = this.method.talk?.branches?.(asked, this.site) ?? []
    await this.openBranches(branches)
    const voices = [await voiceOf(this.own, this.own.read(arrange(asked.messages), how))]
    for (const [at, { messages, pictureToken, by }] of branches.entries()) {
      const { strand } = this.others[at]
      const reading = strand.read(arrange(messages), { ...how, pictureToken })
      voices.push({ ...(await voiceOf(strand, reading)), by: by as Method })
    }
    this.speaking = voices
    this.ahead = []
    this.counted = { proposed: 0, accepted: 0 }
    return voices
  }

  /** The logits that the next token is chosen from. */
  logits(said: readonly number[]): Float32Array {
    const [own, ...others] = this.speaking
    const rowOf = ({ last }: Voice) =>
      this.ahead.length > 0 ? last.logitRows.at(-1 - this.ahead.length)! : last.logits
    const branches = others.map((voice): BranchRow => ({ row: rowOf(voice), by: voice.by }))
    const row = rowOf(own)
    return this.method.talk?.logits?.(row, { ...this.site, said, branches }) ?? row
  }

  /** What the method wants after something was read. */
  async step(at: Pick<StepSite, 'said' | 'token' | 'fed' | 'logits'>): Promise<readonly OwnedStep[]> {
    const { heads } = this.speaking[0].last
    const found = await this.method.talk?.step?.({ ...this.site, ...at, heads })
    return (found ?? []) as readonly OwnedStep[]
  }

  /** Whether one of them has no place for another token. */
  get isFull(): boolean {
    return this.room <= 0
  }

  /** For how many more tokens all of them have a place. */
  get room(): number {
    return Math.min(...this.speaking.map(({ strand }) => strand.cache.room)) + this.ahead.length
  }

  /** Guesses that were read since the prompt, and those of them that were said. */
  get guesses(): { readonly proposed: number; readonly accepted: number } {
    return this.counted
  }

  /** What was read, guesses left out. */
  get history(): readonly number[] {
    const { history } = this.own.cache
    return this.ahead.length > 0 ? history.slice(0, -this.ahead.length) : history
  }

  /** Reads a token of the answer, and behind it what may follow; a guess that is said was read already. */
  async feedAnswer(id: number, guess: () => readonly number[] = () => []): Promise<void> {
    if (id === this.ahead[0]) {
      this.ahead = this.ahead.slice(1)
      this.counted.accepted++
      return
    }
    await this.takeBack()
    const guesses = guess()
    for (const voice of this.speaking) note(voice, await voice.strand.cache.feedAnswer(id, guesses))
    this.ahead = guesses
    this.counted.proposed += guesses.length
  }

  /** Forgets guesses that were read and not said. */
  async takeBack(): Promise<void> {
    const { length } = this.ahead
    if (length === 0) return
    this.ahead = []
    for (const { strand } of this.speaking) await strand.cache.unfeed(length)
  }

  async feed(feed: Feed, by: string): Promise<void> {
    if ('tokens' in feed) for (const id of feed.tokens) await this.feedAnswer(id)
    else for (const voice of this.speaking) await this.feedEmbeds(voice, feed.embeds, by)
  }

  /** Each alternative by itself; the first is what stays. The logits are those of their mixture. */
  async feedMixed(alternatives: readonly Alternative[], by: string): Promise<void> {
    const [{ feed: first }, ...others] = alternatives
    const rows: Float32Array[][] = []
    for (const { feed } of others) {
      await this.feed(feed, by)
      rows.push(this.speaking.map(({ last }) => last.logits))
      for (const { strand } of this.speaking) await strand.cache.unfeed(lengthOf(feed))
    }
    await this.feed(first, by)
    if (others.length === 0) return
    rows.unshift(this.speaking.map(({ last }) => last.logits))
    const weights = alternatives.map(({ weight }) => weight)
    for (const [at, voice] of this.speaking.entries()) {
      const logits = mixture(
        rows.map((row) => row[at]),
        weights,
      )
      voice.last = { ...voice.last, logits, logitRows: [logits] }
    }
  }

  private async feedEmbeds(voice: Voice, embeds: Value<Float32Array>, by: string): Promise<void> {
    const read = await voice.strand.cache.feedEmbeds(embeds, by)
    note(voice, read)
    if (read.kept.length === embeds.dims[0]) return
    const droppers = this.method.parts?.filter(({ read }) => read?.layer || read?.sequence).map(({ name }) => name)
    throw methodError(
      `${by} feeds embeddings into the answer, but ${droppers?.join(', ')} drops some of them; use one of the two`,
    )
  }

  async close(): Promise<void> {
    for (const strand of [this.own, ...this.others.map((other) => other.strand)]) await strand.close()
    this.others = []
  }

  /** Those of an earlier turn go on where they see and read in the same way. */
  private async openBranches(branches: readonly Branch[]): Promise<void> {
    const before = this.others
    const opened: Other[] = []
    try {
      for (const [at, { see = this.method, read = this.method, by }] of branches.entries()) {
        const how = `${see.name} | ${read.name}`
        const known = before[at]?.how === how ? before[at] : undefined
        opened.push(known ?? { how, strand: await this.openBranch(see, read, by as Method) })
      }
    } finally {
      this.others = opened
      for (const { strand } of before.filter((other) => !opened.includes(other))) await strand.close()
    }
  }

  private async openBranch(see: Method, read: Method, by: Method): Promise<Strand> {
    const strand = await Strand.open(this.host, see, read)
    const reads = strand.cache.program.program.inputs.find(({ name }) => name.startsWith(memoryName('')))
    if (see === read || !reads) return strand
    await strand.close()
    const others = read.parts?.filter((part) => part.see && part.read).map(({ name }) => name)
    throw methodError(
      `${by.name} shows pictures in another way, but ${others?.join(', ')} reads them in the language model, too; use one of the two`,
    )
  }
}

async function voiceOf(strand: Strand, read: Promise<Reading>): Promise<Voice> {
  const reading = await read
  return { strand, reading, last: reading.chunk, steps: [] }
}

function note(voice: Voice, read: ChunkResult): void {
  voice.last = read
  voice.steps.push({ milliseconds: read.milliseconds, sizes: read.sizes })
}
