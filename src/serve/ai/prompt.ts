/** Prompts of the AI SDK as messages of chat, one for one. */
import type {
  LanguageModelV3FilePart,
  LanguageModelV3Message,
  LanguageModelV3Prompt,
  LanguageModelV3ToolResultPart,
} from '@ai-sdk/provider'
import { badParam } from '../engine/job-error.ts'
import { resultHead } from '../wire/messages.ts'
import type { ChatMessage, ContentPart } from '../wire/schemas.ts'
import { imageOptionsOf } from './settings.ts'

type Part = Exclude<LanguageModelV3Message['content'], string>[number]
type Output = LanguageModelV3ToolResultPart['output']
type OutputPart = Extract<Output, { type: 'content' }>['value'][number]

/** What the request calls its messages, for errors. */
export const ROOT = 'prompt'

/** Throws ParamError `part_unsupported`: nothing is left out in silence. */
export const chatMessages = (prompt: LanguageModelV3Prompt): ChatMessage[] =>
  prompt.map(({ role, content }, at) => {
    if (typeof content === 'string') return { role: 'system', content }
    const parts = content.flatMap((part, index) => partsOf(part, `${ROOT}.${at}.content.${index}`))
    if (role !== 'assistant') return { role: 'user', content: parts }
    const tool_calls = content.flatMap((part) => (part.type === 'tool-call' ? [callOf(part)] : []))
    return { role, content: parts, ...(tool_calls.length > 0 && { tool_calls }) }
  })

/** Whether a prompt holds thoughts of a model, which chat templates do not know. */
export const hasReasoning = (prompt: LanguageModelV3Prompt): boolean =>
  prompt.some(({ content }) => typeof content !== 'string' && content.some(({ type }) => type === 'reasoning'))

const callOf = ({ toolCallId: id, toolName: name, input }: Extract<Part, { type: 'tool-call' }>) => ({
  id,
  function: { name, arguments: JSON.stringify(input) },
})

function partsOf(part: Part, param: string): ContentPart[] {
  if (part.type === 'text') return [textOf(part.text)]
  if (part.type === 'file') return [fileOf(part, param)]
  if (part.type === 'tool-result') return resultOf(part, param)
  if (part.type === 'reasoning' || part.type === 'tool-call') return []
  throw unsupported(part.type, param)
}

const textOf = (text: string): ContentPart => ({ type: 'text', text })

function resultOf({ toolName, output }: LanguageModelV3ToolResultPart, param: string): ContentPart[] {
  const isFailed = output.type === 'error-text' || output.type === 'error-json'
  return [textOf(resultHead(toolName, isFailed)), ...saidBy(output, param)]
}

function saidBy(output: Output, param: string): ContentPart[] {
  if (output.type === 'content') return output.value.map((part, at) => outputPart(part, `${param}.output.value.${at}`))
  if (output.type === 'execution-denied') return [textOf(`It was not allowed. ${output.reason ?? ''}`.trim())]
  return [textOf(typeof output.value === 'string' ? output.value : JSON.stringify(output.value))]
}

function outputPart(part: OutputPart, param: string): ContentPart {
  if (part.type === 'text') return textOf(part.text)
  if (part.type !== 'image-data' && part.type !== 'file-data') throw unsupported(part.type, param)
  return fileOf(
    { type: 'file', data: part.data, mediaType: part.mediaType, providerOptions: part.providerOptions },
    param,
  )
}

/** An image as its data URL. */
function fileOf({ data, mediaType, providerOptions }: LanguageModelV3FilePart, param: string): ContentPart {
  if (!mediaType.startsWith('image/')) throw unsupported(mediaType, param)
  const { detail, minPixels: min_pixels, maxPixels: max_pixels } = imageOptionsOf(providerOptions)
  return { type: 'image_url', image_url: { url: urlOf(data, mediaType), detail, min_pixels, max_pixels } }
}

/** `image/*` stands for whatever it turns out to be. */
function urlOf(data: LanguageModelV3FilePart['data'], mediaType: string): string {
  if (data instanceof URL) return data.href
  const type = mediaType === 'image/*' ? '' : mediaType
  return `data:${type};base64,${typeof data === 'string' ? data : Buffer.from(data).toString('base64')}`
}

const unsupported = (type: string, param: string) =>
  badParam(
    param,
    'part_unsupported',
    `parts of type ${type} are not taken here; parts are texts, images and results of tools`,
  )
