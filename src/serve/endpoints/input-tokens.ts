import { endpoint } from '../endpoint.ts'
import { jobMessages } from '../wire/messages.ts'
import { countBody } from '../wire/schemas.ts'
import { toolboxOf, withTools } from '../wire/tools.ts'

export const inputTokens = endpoint({
  method: 'POST',
  url: '/v1/chat/completions/input_tokens',
  summary: 'Count what a conversation would take, visual tokens under a method, without answering it',
  body: countBody,
  handle: async (site, { body, signal }) => {
    site.assertModel(body.model)
    const messages = withTools(jobMessages(body.messages, body.mm_processor_kwargs ?? {}), toolboxOf(body))
    const { text, visual } = await site.count(messages, body.fovea?.method, signal)
    const details = { text_tokens: text, image_tokens: visual }
    return { object: 'response.input_tokens', input_tokens: text + visual, input_tokens_details: details }
  },
})
