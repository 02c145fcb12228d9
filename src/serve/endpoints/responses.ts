import { answering, counting } from '../answering.ts'
import { endpoint } from '../endpoint.ts'
import { itemOf, responseOf } from '../wire/responses-reply.ts'
import { chatOf, type ResponsesBody, responsesBody } from '../wire/responses-request.ts'
import { ResponsesWriter } from '../wire/responses-writer.ts'

const read = (body: ResponsesBody) => ({
  chat: chatOf(body),
  frame: { root: 'input', instructions: body.instructions },
})

export const responses = endpoint({
  method: 'POST',
  url: '/v1/responses',
  summary: 'Answer a conversation about images; nothing is kept between requests',
  body: responsesBody,
  handle: answering({
    prefix: 'resp_',
    read,
    writer: (events, identity, body) => new ResponsesWriter(events, identity, body),
    whole: (identity, { result, call }, body) => responseOf(identity, body, result, [itemOf(result, call)]),
  }),
})

export const responsesTokens = endpoint({
  method: 'POST',
  url: '/v1/responses/input_tokens',
  summary: 'Count what such a conversation would take',
  body: responsesBody,
  handle: counting(read, ({ text, visual }) => ({ object: 'response.input_tokens', input_tokens: text + visual })),
})
