/** Requests of Anthropic's Messages as chat requests. */
import { z } from 'zod'
import { badParam } from '../engine/job-error.ts'
import { LIMITS } from '../limits.ts'
import { resultHead } from './messages.ts'
import { type ChatBody, type ChatMessage, type ContentPart, chatBody } from './schemas.ts'

const text = z.object({ type: z.literal('text'), text: z.string() })
const image = z.object({
  type: z.literal('image'),
  source: z.discriminatedUnion('type', [
    z.object({ type: z.literal('base64'), media_type: z.string(), data: z.string() }),
    z.object({ type: z.literal('url'), url: z.string() }),
  ]),
})
const plain = z.discriminatedUnion('type', [text, image])

const block = z.discriminatedUnion('type', [
  text,
  image,
  z.object({ type: z.literal('tool_use'), id: z.string(), name: z.string(), input: z.record(z.string(), z.unknown()) }),
  z.object({
    type: z.literal('tool_result'),
    tool_use_id: z.string(),
    content: z.union([z.string(), z.array(plain)]).optional(),
    is_error: z.boolean().optional(),
  }),
])

const message = z.object({
  role: z.enum(['user', 'assistant']),
  content: z.union([z.string(), z.array(block).max(LIMITS.messages)], 'a content is a text or a list of blocks'),
})

const tool = z.object({
  name: z.string(),
  description: z.string().optional(),
  input_schema: z.record(z.string(), z.unknown()),
})

const choice = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['auto', 'any', 'none']) }),
  z.object({ type: z.literal('tool'), name: z.string() }),
])

const counted = {
  model: z.string().optional(),
  messages: z.array(message).min(1).max(LIMITS.messages),
  system: z.union([z.string(), z.array(text)]).optional(),
  tools: z.array(tool).max(128).optional(),
  tool_choice: choice.optional(),
  fovea: chatBody.shape.fovea,
}

export const anthropicCountBody = z.object(counted)

export const anthropicBody = z.object({
  ...counted,
  max_tokens: z.int().min(1).max(1_000_000),
  stop_sequences: z.array(z.string()).max(LIMITS.stopStrings).optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().gt(0).max(1).optional(),
  top_k: z.int().min(0).optional(),
  stream: z.boolean().optional(),
})

export type AnthropicBody = z.infer<typeof anthropicBody>
type Counted = z.infer<typeof anthropicCountBody>
type Block = z.infer<typeof block>

/** What is said before all messages. */
export const instructionsOf = ({ system }: Counted): string | undefined =>
  typeof system === 'string' ? system : system?.map(({ text }) => text).join('\n')

/** The same as a chat request; images of tool results stay in their place. */
export function chatOf(body: Counted & Partial<AnthropicBody>): ChatBody {
  const { messages, system: _, tools, tool_choice, stop_sequences: stop, ...same } = body
  return {
    ...same,
    messages: messages.map(messageOf),
    ...(stop && { stop }),
    ...(tools && { tools: tools.map(toolOf) }),
    ...(tool_choice && { tool_choice: choiceOf(tool_choice) }),
  }
}

function messageOf({ role, content }: z.infer<typeof message>, at: number): ChatMessage {
  if (typeof content === 'string') return { role, content }
  const calls = content.flatMap((each) => (each.type === 'tool_use' ? [each] : []))
  if (role === 'user' && calls.length > 0)
    throw badParam(`messages.${at}.content`, 'invalid_request', 'only an assistant says tool_use')
  const parts = content.flatMap(partsOf)
  if (role === 'user') return { role, content: parts }
  const tool_calls = calls.map(({ id, name, input }) => ({ id, function: { name, arguments: JSON.stringify(input) } }))
  return { role, content: parts, ...(tool_calls.length > 0 && { tool_calls }) }
}

function partsOf(each: Block): ContentPart[] {
  if (each.type === 'text') return [each]
  if (each.type === 'image') return [{ type: 'image_url', image_url: { url: urlOf(each) } }]
  if (each.type === 'tool_use') return []
  const { content = '', is_error } = each
  const inner = typeof content === 'string' ? [{ type: 'text', text: content } as const] : content
  return [{ type: 'text', text: resultHead(undefined, is_error) }, ...inner.flatMap(partsOf)]
}

const urlOf = ({ source }: z.infer<typeof image>): string =>
  source.type === 'url' ? source.url : `data:${source.media_type};base64,${source.data}`

const toolOf = ({ name, description, input_schema: parameters }: z.infer<typeof tool>) => ({
  type: 'function' as const,
  function: { name, description, parameters },
})

function choiceOf(given: z.infer<typeof choice>): ChatBody['tool_choice'] {
  if (given.type === 'tool') return { type: 'function', function: { name: given.name } }
  return given.type === 'any' ? 'required' : given.type
}
