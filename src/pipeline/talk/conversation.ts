import { FoveaError } from '../../errors.ts'
import type { ChatMessage } from '../../text/chat-template.ts'
import type { Method } from '../method/method.ts'
import { replyOf } from './account.ts'
import type { AskOptions } from './ask-options.ts'
import { decode, samplerOf } from './decoding.ts'
import type { Host } from './host.ts'
import type { ContentPart, Message } from './message.ts'
import { arrange, assertSpeakable, illustrate } from './messages.ts'
import type { Reply } from './reply.ts'
import { type ReplyStream, streamReply } from './reply-stream.ts'
import type { Pictures } from './sight.ts'
import { Strand } from './strand.ts'
import { turnError } from './turn-error.ts'

/** Several turns about the same pictures. One at a time: a turn starts when the one before has ended. */
export class Conversation {
  /** All turns so far, pictures in their parts. */
  private readonly messages: Message[] = []
  private state: 'idle' | 'answering' | 'closed' = 'idle'

  private constructor(
    private readonly host: Host,
    private readonly pictures: Pictures,
    private readonly strand: Strand,
  ) {}

  static async open(host: Host, method: Method, pictures: Pictures): Promise<Conversation> {
    return new Conversation(host, pictures, await Strand.open(host, method))
  }

  /** Encodes the pictures before anything is asked, unless their tokens depend on that; a failure ends the conversation. */
  async look(): Promise<void> {
    try {
      await this.strand.look(this.pictures)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /**
   * Asks about the images; earlier turns are remembered. An aborted turn keeps what it said so far.
   * @throws FoveaError `conversation_busy`, `conversation_closed`, `conversation_single`, and what options, template or model refuse
   */
  async ask(prompt: string, options: AskOptions = {}): Promise<Reply> {
    const pictures = this.messages.length === 0 ? partsOf(this.pictures) : []
    return this.turn([{ role: 'user', content: [...pictures, { type: 'text', text: prompt }] }], options)
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
    assertSpeakable(messages, this.host.parts)
    return this.turn(illustrate(messages, this.pictures), options)
  }

  /** Adds messages, of which the last is a question, and the answer to it. */
  private async turn(added: readonly Message[], options: AskOptions): Promise<Reply> {
    if (this.state === 'closed') throw turnError('closed', 'this conversation was closed; start a new one')
    if (this.state === 'answering') throw turnError('busy', 'one question at a time: await the answer to the last one')
    this.state = 'answering'
    const before = this.messages.length
    this.messages.push(...added)
    try {
      const reply = await this.answer(options)
      this.messages.push({ role: 'assistant', content: reply.text })
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
    await this.strand.close()
  }

  private async answer(options: AskOptions): Promise<Reply> {
    const sample = samplerOf(options)
    const reading = await this.strand.read(arrange(this.messages), options.rawPrompt)
    options.onPrefill?.(reading.ids, reading.chunk.logits)
    const decoded = await decode(this.host.parts, this.strand, reading.chunk.logits, sample, options)
    return replyOf(reading, decoded, this.strand.cache.program)
  }
}

/** What a first message holds before its text. */
const partsOf = ({ images, videos }: Pictures): ContentPart[] => [
  ...images.map((image) => ({ type: 'image', image }) as const),
  ...videos.map((video) => ({ type: 'video', video }) as const),
]
