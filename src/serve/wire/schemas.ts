/** The bodies of requests. What is not named here is ignored, as the servers do that clients were written for. */
import { z } from 'zod'
import { SPECULATIONS } from '../../pipeline/talk/lookup.ts'
import { LIMITS } from '../limits.ts'

export const detail = z.enum(['auto', 'low', 'high', 'original'])
export const pixels = z.int().min(1).max(LIMITS.imagePixels)

/** How many pixels are used. */
const budget = { min_pixels: pixels.optional(), max_pixels: pixels.optional() }

const textPart = z.object({ type: z.literal('text'), text: z.string() })

const imagePart = z.object({
  type: z.literal('image_url'),
  image_url: z.union([z.string(), z.object({ url: z.string(), detail: detail.optional(), ...budget })]),
  ...budget,
})

/** Named so that they can be refused by name. */
const otherPart = (type: string) => z.object({ type: z.literal(type) }).loose()

const contentPart = z.discriminatedUnion('type', [
  textPart,
  imagePart,
  ...(['video_url', 'input_video', 'audio_url', 'input_audio', 'image_embeds', 'file'] as const).map(otherPart),
])

const content = z.union(
  [z.string(), z.array(contentPart).max(LIMITS.messages)],
  'a content is a text or a list of parts',
)

const toolCall = z.object({
  id: z.string(),
  type: z.literal('function').optional(),
  function: z.object({ name: z.string(), arguments: z.string() }),
})

const message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer', 'user']), content }),
  z.object({ role: z.literal('assistant'), content: content.nullish(), tool_calls: z.array(toolCall).optional() }),
  z.object({ role: z.literal('tool'), content, tool_call_id: z.string().optional(), name: z.string().optional() }),
])

const methodChoice = z.union([
  z.string().max(1000),
  z.object({ id: z.string().max(100), options: z.record(z.string(), z.unknown()).optional() }),
])

/** What only Fovea takes. */
export const foveaOptions = z.strictObject({
  method: methodChoice.optional().describe('a method of the catalogue, such as "visionzip:keep=.25"'),
  overlay: z.boolean().optional().describe('draw which patches of each image were kept'),
  speculate: z
    .enum(SPECULATIONS)
    .optional()
    .describe('guess what follows from words that were there before: the same answer, sooner where it repeats'),
})

/** An expression that the answer must match as a whole. */
const regex = z.string().max(LIMITS.formLength)

const responseFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({ name: z.string().optional(), schema: z.unknown(), strict: z.boolean().nullish() }),
  }),
  z.object({ type: z.literal('regex'), regex }),
])

export const toolSchema = z.object({
  type: z.literal('function'),
  function: z.object({
    name: z.string().regex(/^[\w-]{1,64}$/, 'the name of a function is of letters, digits, _ and -, at most 64'),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
  }),
})

const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
])

const penalty = z.number().min(-2).max(2)

/** How tokens are chosen. */
const sampling = {
  max_tokens: z.int().min(1).max(1_000_000).nullish(),
  temperature: z.number().min(0).max(100).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: z.int().min(-1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish(),
  repetition_penalty: z.number().gt(0).max(100).nullish(),
  ignore_eos: z.boolean().optional(),
}

export const chatBody = z.object({
  model: z.string().optional(),
  messages: z.array(message).min(1).max(LIMITS.messages),
  ...sampling,
  max_completion_tokens: z.int().min(1).max(1_000_000).nullish(),
  presence_penalty: penalty.nullish(),
  frequency_penalty: penalty.nullish(),
  logit_bias: z.record(z.string(), z.number().min(-100).max(100)).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(LIMITS.stopStrings)]).nullish(),
  n: z.literal(1, 'one answer at a time: n must be 1').nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  response_format: responseFormat.optional(),
  guided_regex: regex.optional(),
  tools: z.array(toolSchema).max(128).optional(),
  tool_choice: toolChoice.optional(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
  mm_processor_kwargs: z.object(budget).nullish(),
  fovea: foveaOptions.optional(),
})

export type ChatBody = z.infer<typeof chatBody>
export type ChatMessage = ChatBody['messages'][number]
export type ContentPart = z.infer<typeof contentPart>
export type ImagePart = z.infer<typeof imagePart>
export type Tool = z.infer<typeof toolSchema>

export const countBody = chatBody.pick({
  model: true,
  messages: true,
  mm_processor_kwargs: true,
  fovea: true,
  tools: true,
})

export const tokenizeBody = z.object({ model: z.string().optional(), prompt: z.string() })
export const detokenizeBody = z.object({
  model: z.string().optional(),
  tokens: z.array(z.int().min(0)).max(LIMITS.textLength),
})
