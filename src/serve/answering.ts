import type { Endpoint } from './endpoint.ts'
import type { Counted } from './engine/job.ts'
import { EventStream } from './http/event-stream.ts'
import { type Answered, streamAnswer, type Writer, wholeAnswer } from './streamed.ts'
import { type Identity, identityOf } from './wire/chat-reply.ts'
import { chatJob, type Said, saidIn } from './wire/chat-request.ts'
import type { Frame } from './wire/messages.ts'
import type { ChatBody } from './wire/schemas.ts'
import { toolboxOf } from './wire/tools.ts'

/** A request of any interface as one of chat. */
export interface Reading<Chat extends Said = ChatBody> {
  readonly chat: Chat
  /** What lies around its messages. */
  readonly frame?: Frame
}

/** How an interface reads a conversation and writes the answer, whole or in pieces. */
export interface Dialect<Body> {
  /** What ids of its answers begin with. */
  readonly prefix: string
  read(body: Body): Reading
  writer(events: EventStream, identity: Identity, body: Body): Writer
  whole(identity: Identity, answered: Answered, body: Body): object
}

/** Answers a conversation in the form that its client knows. Throws what `chatJob` and the site throw. */
export function answering<Body extends Pick<ChatBody, 'model' | 'stream'>>(
  dialect: Dialect<Body>,
): Endpoint<Body>['handle'] {
  return async (site, { body, reply, signal }) => {
    site.assertModel(body.model)
    const { chat, frame } = dialect.read(body)
    const toolbox = toolboxOf(chat)
    const asked = { job: chatJob(chat, toolbox, frame), toolbox, signal }
    const identity = identityOf(dialect.prefix, site.modelId)
    if (!body.stream || !reply) return dialect.whole(identity, await wholeAnswer(site, asked), body)
    const events = new EventStream(reply, site.streamLimits)
    return streamAnswer(site, asked, events, dialect.writer(events, identity, body))
  }
}

/** Says what a conversation would take, without answering it. */
export function counting<Body extends Pick<ChatBody, 'model' | 'fovea'>>(
  read: (body: Body) => Reading<Said>,
  write: (counted: Counted) => object,
): Endpoint<Body>['handle'] {
  return async (site, { body, signal }) => {
    site.assertModel(body.model)
    const { chat, frame } = read(body)
    return write(await site.count(saidIn(chat, toolboxOf(chat), frame), body.fovea?.method, signal))
  }
}
