import { answering } from '../answering.ts'
import { endpoint } from '../endpoint.ts'
import { chatCompletion } from '../wire/chat-reply.ts'
import { ChatWriter } from '../wire/chat-writer.ts'
import { chatBody } from '../wire/schemas.ts'

export const chat = endpoint({
  method: 'POST',
  url: '/v1/chat/completions',
  summary: 'Answer a conversation about images',
  body: chatBody,
  handle: answering({
    prefix: 'chatcmpl-',
    read: (chat) => ({ chat }),
    writer: (events, identity, body) => new ChatWriter(events, identity, body),
    whole: (identity, { result, call, tokens }, { logprobs, fovea }) =>
      chatCompletion(identity, { result, call, ...(logprobs && { tokens }), isFovea: fovea !== undefined }),
  }),
})
