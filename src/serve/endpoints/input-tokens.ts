import { counting } from '../answering.ts'
import { endpoint } from '../endpoint.ts'
import { countBody } from '../wire/schemas.ts'

export const inputTokens = endpoint({
  method: 'POST',
  url: '/v1/chat/completions/input_tokens',
  summary: 'Count what a conversation would take, visual tokens under a method, without answering it',
  body: countBody,
  handle: counting(
    (chat) => ({ chat }),
    ({ text, visual }) => {
      const details = { text_tokens: text, image_tokens: visual }
      return { object: 'response.input_tokens', input_tokens: text + visual, input_tokens_details: details }
    },
  ),
})
