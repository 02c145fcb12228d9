import { checked, type Endpoint } from '../endpoint.ts'
import { chat } from '../endpoints/chat.ts'
import { embeddings } from '../endpoints/embeddings.ts'
import { responses } from '../endpoints/responses.ts'
import { failureOf, openAiError } from '../http/failure.ts'
import type { Site } from '../site.ts'
import { BATCHED, type BatchedUrl } from './batch.ts'
import type { Answer } from './executor.ts'
import type { RequestLine } from './request-line.ts'

const ENDPOINTS: Readonly<Record<BatchedUrl, Endpoint>> = {
  '/v1/chat/completions': chat,
  '/v1/responses': responses,
  '/v1/embeddings': embeddings,
}

const isBatched = (url: string): url is BatchedUrl => BATCHED.some((each) => each === url)

/**
 * Answers a request as its endpoint does. What it is refused for is an answer, too. Throws the reason of `signal` where that
 * is aborted: what was said until then is no answer.
 */
export async function answerRequest(site: Site, { url, body }: RequestLine, signal: AbortSignal): Promise<Answer> {
  if (!isBatched(url)) throw new Error(`requests to ${url} do not come in batches`)
  const { body: schema, handle } = ENDPOINTS[url]
  try {
    const call = { body: schema && checked(schema, body), query: undefined, params: {}, signal }
    const reply = await handle(site, call)
    signal.throwIfAborted()
    return { status: 200, body: reply }
  } catch (error) {
    signal.throwIfAborted()
    const failure = failureOf(error)
    return { status: failure.status, body: openAiError(failure) }
  }
}
