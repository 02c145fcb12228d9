/** A question about a picture, and the answer as it is made. */
import { ApiError, ask, sentence } from './client.ts'
import type { Report } from './types.ts'

export interface Question {
  /** As a data URL. */
  readonly image: string
  readonly question: string
  /** Such as `visionzip:keep=.25`. */
  readonly method: string
}

interface Chunk {
  readonly choices?: readonly { readonly delta: { readonly content?: string } }[]
  readonly fovea?: Report
  readonly error?: { readonly code: string; readonly message: string }
}

const DIED = 'The server went away in the middle of the answer; what it had said until then is kept.'

/** Throws ApiError; what was said until then was handed to `onText`. */
export async function answer(
  { image, question, method }: Question,
  { signal, onText }: { signal: AbortSignal; onText: (text: string) => void },
): Promise<Report> {
  const content = [
    { type: 'image_url', image_url: { url: image } },
    { type: 'text', text: question },
  ]
  const body = JSON.stringify({ messages: [{ role: 'user', content }], stream: true, fovea: { method } })
  const response = await ask('/v1/chat/completions', { method: 'POST', body, signal })
  let report: Report | undefined
  for await (const chunk of chunksOf(response)) {
    if (chunk.error) throw new ApiError(chunk.error.code, sentence(chunk.error.message))
    const text = chunk.choices?.[0]?.delta.content
    if (text) onText(text)
    report = chunk.fovea ?? report
  }
  if (!report) throw new ApiError('lost', DIED)
  return report
}

async function* chunksOf(response: Response): AsyncGenerator<Chunk> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let held = ''
  for (;;) {
    const { value, done } = await reader.read().catch((error: Error) => {
      throw error.name === 'AbortError' ? error : new ApiError('lost', DIED)
    })
    if (done) return
    const events = (held + value).split('\n\n')
    held = events.pop()!
    for (const event of events) {
      const [, data] = /^data: (.*)$/m.exec(event) ?? []
      if (data === '[DONE]') return
      if (data) yield JSON.parse(data)
    }
  }
}
