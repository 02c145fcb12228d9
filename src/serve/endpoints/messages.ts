import { answering, counting } from '../answering.ts'
import { endpoint } from '../endpoint.ts'
import { AnthropicWriter, anthropicMessage } from '../wire/anthropic-reply.ts'
import { anthropicBody, anthropicCountBody, chatOf, instructionsOf } from '../wire/anthropic-request.ts'

const read = (body: Parameters<typeof chatOf>[0]) => ({
  chat: chatOf(body),
  frame: { instructions: instructionsOf(body) },
})

export const messages = endpoint({
  method: 'POST',
  url: '/v1/messages',
  summary: "Answer a conversation about images, in Anthropic's form",
  body: anthropicBody,
  handle: answering({
    prefix: 'msg_',
    read,
    writer: (events, identity, { fovea }) => new AnthropicWriter(events, identity, fovea !== undefined),
    whole: (identity, { result, call }, { fovea }) => anthropicMessage(identity, result, call, fovea !== undefined),
  }),
})

export const messagesTokens = endpoint({
  method: 'POST',
  url: '/v1/messages/count_tokens',
  summary: 'Count what such a conversation would take',
  body: anthropicCountBody,
  handle: counting(read, ({ text, visual }) => ({ input_tokens: text + visual })),
})
