import type { LanguageModelV3 } from '@ai-sdk/provider'
import { type Answers, streamAnswer, wholeAnswer } from '../streamed.ts'
import { type Identity, identityOf } from '../wire/chat-reply.ts'
import { ending, responseOf, toolCall } from './answer.ts'
import { type ReadCall, readCall } from './call.ts'
import { PartStream } from './part-stream.ts'
import { PartWriter } from './part-writer.ts'
import type { FoveaSettings } from './settings.ts'

type Options = Parameters<LanguageModelV3['doGenerate']>[0]

export const PROVIDER = 'fovea'

/** A model for `generateText` and `streamText`. Images by address are fetched by the SDK itself: no addresses are taken. */
export const languageModel = (modelId: string, settings: FoveaSettings, model: Answers): LanguageModelV3 => ({
  specificationVersion: 'v3',
  provider: PROVIDER,
  modelId,
  supportedUrls: {},
  doGenerate: (options) => generate(model, readCall(options, settings), identityOf('fovea-', modelId), options),
  doStream: async (options) => ({
    stream: await stream(model, readCall(options, settings), identityOf('fovea-', modelId), options),
  }),
})

async function generate(model: Answers, read: ReadCall, identity: Identity, { abortSignal }: Options) {
  const { job, toolbox, warnings, isFovea } = read
  const { result, call } = await orReason(abortSignal, wholeAnswer(model, { job, toolbox, signal: abortSignal }))
  const content = call ? [toolCall(call)] : result.text === '' ? [] : [{ type: 'text' as const, text: result.text }]
  return { content, ...ending(result, call, isFovea), response: responseOf(identity), warnings }
}

/** The parts of an answer, once it is certain. Rejects with what the call is refused for. */
async function stream(model: Answers, read: ReadCall, identity: Identity, { abortSignal }: Options) {
  const gone = new AbortController()
  const parts = new PartStream(() => gone.abort())
  const signal = AbortSignal.any([gone.signal, ...(abortSignal ? [abortSignal] : [])])
  const { job, toolbox } = read
  const begun = new Promise<void>((resolve, reject) => {
    const writer = new PartWriter(parts, identity, read, resolve, abortSignal)
    streamAnswer(model, { job, toolbox, signal }, parts, writer).then(resolve, reject)
  })
  await orReason(abortSignal, begun)
  return parts.readable
}

/** What is aborted rejects with the reason of its signal, as the SDK expects. */
async function orReason<T>(signal: AbortSignal | undefined, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}
