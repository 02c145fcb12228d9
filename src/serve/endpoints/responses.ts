import { endpoint } from '../endpoint.ts'
import { EventStream } from '../http/event-stream.ts'
import { streamAnswer } from '../streamed.ts'
import { identityOf } from '../wire/chat-reply.ts'
import { chatJob } from '../wire/chat-request.ts'
import { jobMessages } from '../wire/messages.ts'
import { callItem, itemId, messageItem, responseOf } from '../wire/responses-reply.ts'
import { chatOf, responsesBody } from '../wire/responses-request.ts'
import { ResponsesWriter } from '../wire/responses-writer.ts'
import { callIn, toolboxOf, withTools } from '../wire/tools.ts'

export const responses = endpoint({
  method: 'POST',
  url: '/v1/responses',
  summary: 'Answer a conversation about images; nothing is kept between requests',
  body: responsesBody,
  handle: async (site, { body, reply, signal }) => {
    site.assertModel(body.model)
    const asked = chatOf(body)
    const toolbox = toolboxOf(asked)
    const job = chatJob(asked, toolbox, { root: 'input', instructions: body.instructions })
    const identity = identityOf('resp_', site.modelId)
    if (body.stream) {
      const events = new EventStream(reply, site.streamLimits)
      return streamAnswer(site, { job, toolbox, signal }, events, new ResponsesWriter(events, identity, body))
    }
    const result = await site.answer(job, { signal })
    const call = toolbox && callIn(result.text, toolbox)
    const state = result.finishReason === 'length' ? 'incomplete' : 'completed'
    const item = call ? callItem(itemId('fc_'), call, 'completed') : messageItem(itemId('msg_'), result.text, state)
    return responseOf(identity, body, result, [item])
  },
})

export const responsesTokens = endpoint({
  method: 'POST',
  url: '/v1/responses/input_tokens',
  summary: 'Count what such a conversation would take',
  body: responsesBody,
  handle: async (site, { body, signal }) => {
    site.assertModel(body.model)
    const asked = chatOf(body)
    const frame = { root: 'input', instructions: body.instructions }
    const messages = withTools(jobMessages(asked.messages, {}, frame), toolboxOf(asked))
    const { text, visual } = await site.count(messages, body.fovea?.method, signal)
    return { object: 'response.input_tokens', input_tokens: text + visual }
  },
})
