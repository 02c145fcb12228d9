/** Answers in the form of OpenAI's chat completions. */
import { randomUUID } from 'node:crypto'
import type { Generated, SaidToken, TokenProbability } from '../engine/job.ts'
import type { ToolCall } from './tools.ts'

/** What all pieces of one answer say of themselves. */
export interface Identity {
  readonly id: string
  readonly created: number
  readonly model: string
}

export const identityOf = (prefix: string, model: string): Identity => ({
  id: `${prefix}${randomUUID().replaceAll('-', '')}`,
  created: Math.floor(Date.now() / 1000),
  model,
})

/** Tokens of a prompt, visual ones as the language model was given them, and of the answer. */
export function usageOf({ tokens }: Generated) {
  const { prompt, cached, written, generated, visual } = tokens
  return {
    prompt_tokens: prompt,
    completion_tokens: generated,
    total_tokens: prompt + generated,
    prompt_tokens_details: {
      cached_tokens: cached,
      cache_write_tokens: written,
      image_tokens: visual.after,
      text_tokens: prompt - visual.after,
      video_tokens: 0,
      audio_tokens: 0,
    },
    completion_tokens_details: { reasoning_tokens: 0 },
  }
}

export const overlayUrls = (overlays: readonly Uint8Array[]): string[] =>
  overlays.map((png) => `data:image/png;base64,${Buffer.from(png).toString('base64')}`)

/** What only Fovea says: what the method did with the images, and what each stage took. */
export function foveaReport(result: Generated, isAsked: boolean) {
  const { method, tokens, keepsPrefix, milliseconds, flops, images } = result
  const { kept, views, patches, steps, overlays, speculation } = result
  return {
    method,
    visual_tokens: tokens.visual,
    keeps_prefix: keepsPrefix,
    milliseconds,
    flops,
    ...(speculation && { speculation }),
    images: images.map(({ width, height, usedWidth, usedHeight, detail }) => ({
      width,
      height,
      used_width: usedWidth,
      used_height: usedHeight,
      detail,
    })),
    ...(isAsked && { kept, views, patches, steps }),
    ...(overlays && { overlays: overlayUrls(overlays) }),
  }
}

const likely = ({ token, logprob }: TokenProbability) => ({ token, logprob, bytes: [...Buffer.from(token)] })

export const logprobsOf = (tokens: readonly SaidToken[]) => ({
  content: tokens.map((token) => ({ ...likely(token), top_logprobs: token.top.map(likely) })),
  refusal: null,
})

export const toolCallsOf = ({ id, name, arguments: given }: ToolCall) => [
  { index: 0, id, type: 'function' as const, function: { name, arguments: given } },
]

export const finishOf = (result: Generated, call: ToolCall | undefined) => (call ? 'tool_calls' : result.finishReason)

interface Answered {
  readonly result: Generated
  readonly call?: ToolCall
  readonly tokens?: readonly SaidToken[]
  /** Whether the request said anything that only Fovea takes. */
  readonly isFovea: boolean
}

/** A whole answer. */
export function chatCompletion(identity: Identity, { result, call, tokens, isFovea }: Answered) {
  const said = call
    ? { content: null, tool_calls: toolCallsOf(call).map(({ index: _, ...rest }) => rest) }
    : { content: result.text }
  const choice = {
    index: 0,
    message: { role: 'assistant', ...said, refusal: null },
    logprobs: tokens ? logprobsOf(tokens) : null,
    finish_reason: finishOf(result, call),
  }
  const { id, ...rest } = identity
  const head = { id, object: 'chat.completion', ...rest }
  return { ...head, choices: [choice], usage: usageOf(result), fovea: foveaReport(result, isFovea) }
}

/** A piece of an answer. */
export function chatChunk(
  { id, ...rest }: Identity,
  delta: object,
  { finish = null, tokens = [] }: { finish?: string | null; tokens?: readonly SaidToken[] } = {},
) {
  const logprobs = tokens.length > 0 ? logprobsOf(tokens) : null
  const choice = { index: 0, delta, logprobs, finish_reason: finish }
  return { id, object: 'chat.completion.chunk', ...rest, choices: [choice] }
}
