import { assertOptions, FoveaError, kindOf } from '../../errors.ts'
import type { ChatMessage } from '../../text/chat-template.ts'
import { withDefaults } from '../../text/generation-config.ts'
import type { Method } from '../method/method.ts'
import type { AskOptions } from './ask-options.ts'
import type { PromptCount } from './count.ts'
import type { Host } from './host.ts'
import type { Message } from './message.ts'
import { assertSpeakable, illustrate } from './messages.ts'
import { ASK_FORMS } from './option-forms.ts'
import type { Reply } from './reply.ts'
import { type ReplyStream, streamReply } from './reply-stream.ts'
import type { Pictures } from './sight.ts'
import { Talker } from './talker.ts'
import { turnError } from './turn-error.ts'
import { untilAbort } from './until-abort.ts'

/** Several turns about the same pictures. One at a time: a turn starts when the one before has ended. */
export class Conversation {
  /** All turns so far, pictures in their parts. */
  private messages: readonly Message[] = []
  private state: 'idle' | 'answering' | 'closed' = 'idle'
  /** A turn that was aborted while it was read and still is. */
  private left: Promise<unknown> = Promise.resolve()

  private constructor(
    private readonly host: Host,
    private readonly pictures: Pictures,
    private readonly talker: Talker,
  ) {}

  static async open(host: Host, method: Method, pictures: Pictures): Promise<Conversation> {
    return new Conversation(host, pictures, await Talker.open(host, method))
  }

  /** Encodes the pictures before anything is asked, unless their tokens depend on that; a failure ends the conversation. */
  async look(): Promise<void> {
    try {
      await this.talker.look(this.pictures)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /**
   * Asks about the images; earlier turns are remembered. An aborted turn keeps what it said so far; where that is nothing, the
   * question is forgotten, too.
   * @throws FoveaError `conversation_busy`, `conversation_closed`, `conversation_single`, `model_disposed`, and what options, template or model refuse
   */
  async ask(prompt: string, options: AskOptions = {}): Promise<Reply> {
    assertOptions('ask', options, ASK_FORMS)
    assertQuestion('ask', prompt)
    return this.turn(() => [this.questionOf(prompt)], options)
  }

  /** As `ask`, piece by piece. */
  stream(prompt: string, options: AskOptions = {}): ReplyStream {
    assertOptions('stream', options, ASK_FORMS)
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
    return this.turn(() => illustrate(messages, this.pictures), options)
  }

  /** Adds messages, of which the last is a question, and the answer to it. */
  private async turn(added: () => readonly Message[], asked: AskOptions): Promise<Reply> {
    await this.left
    this.assertFree()
    const keep = (rest: Promise<unknown>) => {
      this.left = rest
    }
    return untilAbort(asked, (own) => this.wholeTurn(added(), own), keep)
  }

  private assertFree(): void {
    this.host.assertOpen()
    if (this.state === 'closed') throw turnError('closed', 'this conversation was closed; start a new one')
    if (this.state === 'answering') throw turnError('busy', 'one question at a time: await the answer to the last one')
  }

  private async wholeTurn(added: readonly Message[], asked: AskOptions): Promise<Reply> {
    const options = withDefaults(asked, this.host.parts.generation)
    this.state = 'answering'
    try {
      const said = [...this.messages, ...added]
      const messages = options.dropOldest ? await this.talker.fitting(said, options) : said
      const dropped = questionsIn(said) - questionsIn(messages)
      const reply = await this.talker.answer({ messages, options }, dropped > 0)
      const isAnswered = reply.finishReason !== 'aborted' || reply.tokens.generated > 0
      if (isAnswered) this.messages = [...messages, { role: 'assistant', content: reply.text }]
      return dropped > 0 ? { ...reply, dropped } : reply
    } finally {
      if (this.state === 'answering') this.state = 'idle'
    }
  }

  /** What the next question would take of the places that the model has, without computing anything. */
  async count(prompt: string, options: Pick<AskOptions, 'rawPrompt'> = {}): Promise<PromptCount> {
    assertOptions('count', options, { rawPrompt: 'boolean' })
    assertQuestion('count', prompt)
    return this.talker.count([...this.messages, this.questionOf(prompt)], options)
  }

  private questionOf(prompt: string): Message {
    return questionAbout(this.messages.length === 0 ? this.pictures : { images: [], videos: [] }, prompt)
  }

  /** Frees the KV cache; the conversation is over. */
  async close(): Promise<void> {
    if (this.state === 'closed') return
    this.state = 'closed'
    await this.left
    await this.talker.close()
  }
}

function assertQuestion(of: string, prompt: unknown): void {
  if (typeof prompt === 'string') return
  throw new FoveaError('prompt_invalid', 'usage', `${of}: a question is a text, not ${kindOf(prompt)}`)
}

const questionsIn = (messages: readonly Message[]): number => messages.filter(({ role }) => role === 'user').length

/** A question, the pictures that it is about before its text. */
export const questionAbout = ({ images, videos }: Pictures, text: string): Message => ({
  role: 'user',
  content: [
    ...images.map((image) => ({ type: 'image', image }) as const),
    ...videos.map((video) => ({ type: 'video', video }) as const),
    { type: 'text', text },
  ],
})
