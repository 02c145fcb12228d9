import { endpoint } from '../endpoint.ts'
import { EventStream } from '../http/event-stream.ts'
import { streamAnswer } from '../streamed.ts'
import { AnthropicWriter, anthropicMessage } from '../wire/anthropic-reply.ts'
import { anthropicBody, anthropicCountBody, chatOf, instructionsOf } from '../wire/anthropic-request.ts'
import { identityOf } from '../wire/chat-reply.ts'
import { chatJob } from '../wire/chat-request.ts'
import { jobMessages } from '../wire/messages.ts'
import { callIn, toolboxOf, withTools } from '../wire/tools.ts'

export const messages = endpoint({
  method: 'POST',
  url: '/v1/messages',
  summary: "Answer a conversation about images, in Anthropic's form",
  body: anthropicBody,
  handle: async (site, { body, reply, signal }) => {
    site.assertModel(body.model)
    const asked = chatOf(body)
    const toolbox = toolboxOf(asked)
    const job = chatJob(asked, toolbox, { instructions: instructionsOf(body) })
    const identity = identityOf('msg_', site.modelId)
    const isFovea = body.fovea !== undefined
    if (body.stream) {
      const events = new EventStream(reply, site.streamLimits)
      return streamAnswer(site, { job, toolbox, signal }, events, new AnthropicWriter(events, identity, isFovea))
    }
    const result = await site.answer(job, { signal })
    return anthropicMessage(identity, result, toolbox && callIn(result.text, toolbox), isFovea)
  },
})

export const messagesTokens = endpoint({
  method: 'POST',
  url: '/v1/messages/count_tokens',
  summary: 'Count what such a conversation would take',
  body: anthropicCountBody,
  handle: async (site, { body, signal }) => {
    site.assertModel(body.model)
    const asked = chatOf(body)
    const said = withTools(jobMessages(asked.messages, {}, { instructions: instructionsOf(body) }), toolboxOf(asked))
    const { text, visual } = await site.count(said, body.fovea?.method, signal)
    return { input_tokens: text + visual }
  },
})
