/** A language model behind an address that speaks the form of OpenAI's chat completions. */
import { z } from 'zod'
import { FoveaError } from '../errors.ts'

export interface Endpoint {
  /** What `/chat/completions` is put behind, such as `http://localhost:8080/v1`. */
  readonly url: string
  /** Its name there; `default` where the endpoint has one alone. */
  readonly model?: string
  /** Sent as a bearer token; never part of an error. */
  readonly key?: string
  /** An answer may take so long, 60,000 ms unless given. */
  readonly timeout?: number
  /** And be so large, 1 MiB unless given. */
  readonly maxBytes?: number
}

export interface Written {
  readonly text: string
  /** As the endpoint counts them; absent where it does not. */
  readonly tokens?: number
}

export interface WriteOptions {
  readonly maxTokens?: number
  readonly temperature?: number
  readonly signal?: AbortSignal
}

const answerSchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
  usage: z.object({ completion_tokens: z.int().min(0) }).optional(),
})

/** Where completions are asked for. Throws FoveaError `llm_url` for what is no http address, or holds a password. */
export function completionsUrl(url: string): URL {
  const found = URL.canParse(url) ? new URL(url) : undefined
  if (!found || !/^https?:$/.test(found.protocol) || found.username || found.password)
    throw new FoveaError(
      'llm_url',
      'usage',
      `llm: "${found ? found.protocol : url}" is no http address of an endpoint; give one as http://localhost:8080/v1, its key in the environment`,
    )
  found.pathname = `${found.pathname.replace(/\/+$/, '')}/chat/completions`
  return found
}

/**
 * What the model writes under a prompt. Nothing in the answer is run or followed: it is text, and redirects are refused.
 * @throws FoveaError kind `usage` `llm_url`; kind `resource` `llm_unreachable`, `llm_slow`; kind `input` `llm_refused`,
 *   `llm_too_large`, `llm_answer`; the reason of the signal where that ends it
 */
export async function write(endpoint: Endpoint, prompt: string, options: WriteOptions = {}): Promise<Written> {
  const { timeout = 60_000, maxBytes = 2 ** 20 } = endpoint
  const url = completionsUrl(endpoint.url)
  const clock = AbortSignal.timeout(timeout)
  const signal = options.signal ? AbortSignal.any([options.signal, clock]) : clock
  try {
    const response = await fetch(url, { ...requestOf(endpoint, prompt, options), redirect: 'error', signal })
    const body = await readAtMost(response, maxBytes, url.host)
    if (!response.ok)
      throw new FoveaError(
        'llm_refused',
        'input',
        `${url.host}: it answered with status ${response.status}; see its log`,
      )
    return parseAnswer(body, url.host)
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason
    if (error instanceof FoveaError) throw error
    if (clock.aborted)
      throw new FoveaError('llm_slow', 'resource', `${url.host}: no answer within ${timeout} ms; ask for fewer tokens`)
    throw new FoveaError('llm_unreachable', 'resource', `${url.host}: it cannot be asked; is it running?`, {
      cause: error,
    })
  }
}

function requestOf({ model = 'default', key }: Endpoint, prompt: string, { maxTokens, temperature }: WriteOptions) {
  const body = { model, messages: [{ role: 'user', content: prompt }], max_tokens: maxTokens, temperature }
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
    body: JSON.stringify(body),
  }
}

async function readAtMost({ body }: Response, most: number, host: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > most) throw new FoveaError('llm_too_large', 'input', `${host}: its answer is larger than ${most} bytes`)
    chunks.push(chunk)
  }
  return new TextDecoder().decode(await new Blob(chunks as BlobPart[]).arrayBuffer())
}

function parseAnswer(body: string, host: string): Written {
  let data: unknown
  try {
    data = JSON.parse(body)
  } catch {
    data = undefined
  }
  const found = answerSchema.safeParse(data)
  if (!found.success)
    throw new FoveaError(
      'llm_answer',
      'input',
      `${host}: its answer is no chat completion; is this the address of one?`,
    )
  const { choices, usage } = found.data
  return { text: choices[0].message.content, ...(usage && { tokens: usage.completion_tokens }) }
}
