/** Answers as the AI SDK takes them. */
import type {
  JSONObject,
  LanguageModelV3FinishReason,
  LanguageModelV3ToolCall,
  LanguageModelV3Usage,
  SharedV3ProviderMetadata,
} from '@ai-sdk/provider'
import type { Generated, UsedImage } from '../engine/job.ts'
import { finishOf, type Identity, overlayUrls, usageOf } from '../wire/chat-reply.ts'
import type { ToolCall } from '../wire/tools.ts'

export const toolCall = ({ id, name, arguments: input }: ToolCall): LanguageModelV3ToolCall => ({
  type: 'tool-call',
  toolCallId: id,
  toolName: name,
  input,
})

function finishReason(result: Generated, call: ToolCall | undefined): LanguageModelV3FinishReason {
  return { unified: call ? 'tool-calls' : result.finishReason, raw: finishOf(result, call) }
}

function usage(result: Generated): LanguageModelV3Usage {
  const raw = usageOf(result)
  const { prompt_tokens: total, completion_tokens: text } = raw
  const { cached_tokens: cacheRead, cache_write_tokens: cacheWrite } = raw.prompt_tokens_details
  return {
    inputTokens: { total, noCache: total - cacheRead, cacheRead, cacheWrite },
    outputTokens: { total: text, text, reasoning: 0 },
    raw,
  }
}

/** What only Fovea says of an answer: `providerMetadata.fovea`. A type, since JSON objects are no interfaces. */
export type FoveaReport = Pick<Generated, 'method' | 'milliseconds' | 'flops'> & {
  /** Those that the language model was given. */
  readonly imageTokens: number
  readonly textTokens: number
  /** Of all images: patches, tokens that the language model was given, and those left behind its last layer. */
  readonly visualTokens: Generated['tokens']['visual']
  /** The sizes that came, and those that were used. */
  readonly images: UsedImage[]
  /** Where a method was asked for: of each image, the patches that reached the last layer. */
  readonly kept?: number[][]
  /** PNG of each image as data URLs, where they were asked for. */
  readonly overlays?: string[]
}

function reportOf(result: Generated, isAsked: boolean): FoveaReport {
  const { method, tokens, milliseconds, flops, images, kept, overlays } = result
  return {
    method,
    imageTokens: tokens.visual.after,
    textTokens: tokens.prompt - tokens.visual.after,
    visualTokens: tokens.visual,
    milliseconds,
    flops,
    images: [...images],
    ...(isAsked && { kept: kept.map((patches) => [...patches]) }),
    ...(overlays && { overlays: overlayUrls(overlays) }),
  }
}

/** What Fovea says of an answer, out of the SDK's `providerMetadata`; undefined of answers of others. */
export const foveaReport = (metadata: SharedV3ProviderMetadata | undefined): FoveaReport | undefined =>
  metadata?.fovea as unknown as FoveaReport | undefined

/** How an answer ended, and what it took. */
export const ending = (result: Generated, call: ToolCall | undefined, isAsked: boolean) => ({
  finishReason: finishReason(result, call),
  usage: usage(result),
  providerMetadata: { fovea: reportOf(result, isAsked) as unknown as JSONObject },
})

export const responseOf = ({ id, created, model }: Identity) => ({
  id,
  timestamp: new Date(created * 1000),
  modelId: model,
})
