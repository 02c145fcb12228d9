/** Requests of OpenAI's Responses as chat requests. */
import { z } from 'zod'
import { LIMITS } from '../limits.ts'
import { type ChatBody, type ChatMessage, chatBody } from './schemas.ts'

const part = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['input_text', 'output_text', 'text']), text: z.string() }),
  z.object({
    type: z.literal('input_image'),
    image_url: z.string('an image is given by image_url'),
    detail: z.enum(['auto', 'low', 'high', 'original']).nullish(),
  }),
])

const content = z.union([z.string(), z.array(part).max(LIMITS.messages)], 'a content is a text or a list of parts')

const item = z.union(
  [
    z.object({
      type: z.literal('message').optional(),
      role: z.enum(['user', 'system', 'developer', 'assistant']),
      content,
    }),
    z.object({ type: z.literal('function_call'), call_id: z.string(), name: z.string(), arguments: z.string() }),
    z.object({ type: z.literal('function_call_output'), call_id: z.string(), output: content }),
  ],
  'an item is a message, a function_call or a function_call_output',
)

const tool = z.object({
  type: z.literal('function'),
  name: z.string(),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
})

const format = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({ type: z.literal('json_schema'), name: z.string().optional(), schema: z.unknown() }),
])

export const responsesBody = z.object({
  ...chatBody.pick({ model: true, temperature: true, top_p: true, seed: true, stream: true, fovea: true }).shape,
  input: z.union([z.string(), z.array(item).min(1).max(LIMITS.messages)], 'input is a text or a list of items'),
  instructions: z.string().nullish(),
  max_output_tokens: z.int().min(1).max(1_000_000).nullish(),
  text: z.object({ format: format.optional() }).nullish(),
  tools: z.array(tool).max(128).nullish(),
  tool_choice: z
    .union([z.enum(['none', 'auto', 'required']), z.object({ type: z.literal('function'), name: z.string() })])
    .nullish(),
  previous_response_id: z.null('answers are not kept here; send the whole conversation as input').optional(),
})

export type ResponsesBody = z.infer<typeof responsesBody>

/** The same as a chat request; its messages are the items, without the instructions. */
export function chatOf(body: ResponsesBody): ChatBody {
  const { input, instructions: _, text, tools, tool_choice: choice, max_output_tokens, ...same } = body
  const items = typeof input === 'string' ? [{ role: 'user' as const, content: input }] : input
  const { format } = text ?? {}
  return {
    ...same,
    messages: items.map(messageOf),
    max_tokens: max_output_tokens,
    ...(format && { response_format: formatOf(format) }),
    ...(tools && { tools: tools.map(toolOf) }),
    ...(choice && { tool_choice: typeof choice === 'string' ? choice : { type: 'function', function: choice } }),
  }
}

function messageOf(given: z.infer<typeof item>): ChatMessage {
  if ('role' in given) return { role: given.role, content: contentOf(given.content) }
  if (given.type === 'function_call_output') return { role: 'tool', content: contentOf(given.output) }
  const { call_id: id, name, arguments: args } = given
  return { role: 'assistant', content: null, tool_calls: [{ id, function: { name, arguments: args } }] }
}

function contentOf(given: z.infer<typeof content>) {
  if (typeof given === 'string') return given
  return given.map((each) =>
    each.type === 'input_image'
      ? ({ type: 'image_url', image_url: { url: each.image_url, detail: each.detail ?? undefined } } as const)
      : ({ type: 'text', text: each.text } as const),
  )
}

function formatOf(given: z.infer<typeof format>): ChatBody['response_format'] {
  if (given.type !== 'json_schema') return given
  return { type: 'json_schema', json_schema: { name: given.name, schema: given.schema } }
}

const toolOf = ({ name, description, parameters }: z.infer<typeof tool>) => ({
  type: 'function' as const,
  function: { name, description: description ?? undefined, parameters: parameters ?? undefined },
})
