import type { Method } from '../method/method.ts'
import { methodError } from '../method/method-error.ts'
import type { Request } from '../method/talk-side.ts'
import { replyOf } from './account.ts'
import type { AskOptions } from './ask-options.ts'
import type { PromptCount } from './count.ts'
import { decode, MAX_TOKENS, samplerOf } from './decoding.ts'
import { withoutOldest } from './forget.ts'
import type { Host } from './host.ts'
import type { Message } from './message.ts'
import { arrange } from './messages.ts'
import type { Reply } from './reply.ts'
import type { Pictures } from './sight.ts'
import { assertSpeculates } from './speculation.ts'
import { Voices } from './voices.ts'

/** What was asked beside the conversation about the same pictures: it begins alike, so that the pictures stay cached. */
interface Aside {
  readonly pictures: Pictures
  readonly voices: Voices
}

/** Answers the questions of one conversation under a method, and what the method asks beside them. */
export class Talker {
  private asides: Aside[] = []
  /** Answers are made one after another, whatever a method does. */
  private last: Promise<unknown> = Promise.resolve()

  private constructor(
    private readonly host: Host,
    private readonly main: Voices,
  ) {}

  static async open(host: Host, method: Method): Promise<Talker> {
    return new Talker(host, await Voices.open(host, method))
  }

  /** Encodes pictures before anything is asked about them, unless their tokens depend on that. */
  look(pictures: Pictures): Promise<void> {
    return this.main.own.look(pictures)
  }

  /** What a conversation would take, without computing any of it. */
  count(messages: readonly Message[], { rawPrompt }: Pick<AskOptions, 'rawPrompt'>): Promise<PromptCount> {
    return this.main.own.count(arrange(messages), { isRaw: rawPrompt })
  }

  /** What is left of a conversation when its oldest turns are dropped until the answer to the last question has room. */
  async fitting(messages: readonly Message[], options: AskOptions): Promise<readonly Message[]> {
    const wanted = options.maxTokens ?? MAX_TOKENS
    for (let left = messages; ; ) {
      const { room = wanted } = await this.count(left, options)
      const fewer = room < wanted ? withoutOldest(left) : undefined
      if (!fewer) return left
      left = fewer
    }
  }

  async answer(asked: Request, hasForgotten = false): Promise<Reply> {
    const { method, site } = this.main
    samplerOf(asked.options)
    assertSpeculates(asked.options, method, site.architecture)
    const next = (request: Request) =>
      this.inTurn(() => this.reply(request, request.messages === asked.messages, hasForgotten))
    const stage = method.talk?.answer
    if (!stage) return next(asked)
    try {
      return await aloud(asked, method, (own) => stage(own, next, site))
    } finally {
      await this.closeAsides()
    }
  }

  async close(): Promise<void> {
    await this.closeAsides()
    await this.main.close()
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work)
    this.last = turn.catch(() => {})
    return turn
  }

  private async reply(asked: Request, isOwn: boolean, hasForgotten: boolean): Promise<Reply> {
    const voices = isOwn ? this.main : await this.aside(asked.messages)
    const sample = samplerOf(asked.options)
    const spoken = await voices.read(asked, !isOwn || hasForgotten)
    const [{ reading }] = spoken
    asked.options.onPrefill?.(reading.ids, reading.chunk.logits, reading.chunk.heads)
    const decoded = await decode(this.host.parts, voices, sample, asked.options)
    return replyOf(spoken, decoded, asked.options.speculate && voices.guesses)
  }

  private async aside(messages: readonly Message[]): Promise<Voices> {
    const pictures = arrange(messages)
    const known = this.asides.find((aside) => isSame(aside.pictures, pictures))
    if (known) return known.voices
    const voices = await Voices.open(this.host, this.main.method)
    this.asides.push({ pictures, voices })
    return voices
  }

  private async closeAsides(): Promise<void> {
    const asides = this.asides.splice(0)
    for (const { voices } of asides) await voices.close()
  }
}

const isSame = (a: Pictures, b: Pictures): boolean =>
  [...a.images, ...a.videos].every((picture, at) => picture === [...b.images, ...b.videos][at]) &&
  a.images.length === b.images.length &&
  a.videos.length === b.videos.length

/** What was not handed on while the answer was made is handed on at its end. */
async function aloud(asked: Request, method: Method, answer: (own: Request) => Promise<Reply>): Promise<Reply> {
  const { onText } = asked.options
  let said = ''
  const say = (piece: string) => {
    said += piece
    onText?.(piece)
  }
  const reply = await answer({ ...asked, options: { ...asked.options, onText: say } })
  if (!reply.text.startsWith(said))
    throw methodError(`${method.name} said something aloud that is not in its answer; ask inner questions silently`)
  const rest = reply.text.slice(said.length)
  if (rest) onText?.(rest)
  return reply
}
