import { type Call, endpoint } from '../endpoint.ts'
import type { Generated, GenerateJob, SaidToken } from '../engine/job.ts'
import { EventStream } from '../http/event-stream.ts'
import { failureOf, openAiError } from '../http/failure.ts'
import type { Site } from '../site.ts'
import { streamAnswer, type Writer } from '../streamed.ts'
import {
  chatChunk,
  chatCompletion,
  finishOf,
  foveaReport,
  type Identity,
  identityOf,
  toolCallsOf,
  usageOf,
} from '../wire/chat-reply.ts'
import { chatJob } from '../wire/chat-request.ts'
import { type ChatBody, chatBody } from '../wire/schemas.ts'
import { callIn, type Toolbox, type ToolCall, toolboxOf } from '../wire/tools.ts'

export const chat = endpoint({
  method: 'POST',
  url: '/v1/chat/completions',
  summary: 'Answer a conversation about images',
  body: chatBody,
  handle: async (site, call) => {
    const { body, reply, signal } = call
    site.assertModel(body.model)
    const toolbox = toolboxOf(body)
    const job = chatJob(body, toolbox)
    const identity = identityOf('chatcmpl-', site.modelId)
    if (!body.stream) return whole(site, call, { job, identity, toolbox })
    const events = new EventStream(reply, site.streamLimits)
    return streamAnswer(site, { job, toolbox, signal }, events, new ChatWriter(events, identity, body))
  },
})

interface Asked {
  readonly job: GenerateJob
  readonly identity: Identity
  readonly toolbox?: Toolbox
}

async function whole(site: Site, { body, signal }: Call<ChatBody>, { job, identity, toolbox }: Asked) {
  const tokens: SaidToken[] = []
  const result = await site.answer(job, {
    signal,
    onProgress: (progress) => {
      if (progress.type === 'token') tokens.push(progress.token)
    },
  })
  const call = toolbox && callIn(result.text, toolbox)
  return chatCompletion(identity, { result, call, ...(body.logprobs && { tokens }), isFovea: body.fovea !== undefined })
}

class ChatWriter implements Writer {
  constructor(
    private readonly events: EventStream,
    private readonly identity: Identity,
    private readonly body: ChatBody,
  ) {}

  begin(): void {
    this.send({ role: 'assistant', content: '' })
  }

  text(content: string, tokens: readonly SaidToken[]): void {
    this.send({ content }, { tokens })
  }

  call(call: ToolCall): void {
    this.send({ tool_calls: toolCallsOf(call) })
  }

  end(result: Generated, call: ToolCall | undefined, tokens: readonly SaidToken[]): void {
    const fovea = foveaReport(result, this.body.fovea !== undefined)
    this.send({}, { finish: finishOf(result, call), tokens }, { fovea })
    if (this.isCounted) this.events.send({ ...chatChunk(this.identity, {}), choices: [], usage: usageOf(result) })
    this.events.send('[DONE]')
  }

  fail(error: unknown): void {
    this.events.send(openAiError(failureOf(error)))
  }

  private get isCounted(): boolean {
    return this.body.stream_options?.include_usage ?? false
  }

  private send(delta: object, more: Parameters<typeof chatChunk>[2] = {}, beside: object = {}): void {
    this.events.send({ ...chatChunk(this.identity, delta, more), ...(this.isCounted && { usage: null }), ...beside })
  }
}
