/** What a tool of the protocol is, and what all of them say and take. */
import { z } from 'zod'
import type { Assistant } from '../engine/assistant.ts'
import type { Generated, GenerateJob, Progress } from '../engine/job.ts'
import { picture, words } from '../wire/messages.ts'

export type Content = { type: 'text'; text: string } | { type: 'image'; data: string; mimeType: string }

/** What a call has beside its arguments. */
export interface Work {
  readonly assistant: Assistant
  readonly signal: AbortSignal
  /** Throws what is wrong with the name of an image, and with reading it. */
  readImage(given: string): Promise<Uint8Array>
  /** Tells the client how far the call is. */
  report(message: string, done?: number, total?: number): void
}

export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input: z.ZodObject
  readonly output: z.ZodObject
  /** @param given as the input schema says */
  run(given: never, work: Work): Promise<{ readonly content: Content[]; readonly structured: Record<string, unknown> }>
}

interface Definition<Input extends z.ZodObject> extends Omit<Tool, 'input' | 'run'> {
  readonly input: Input
  run(given: z.infer<Input>, work: Work): ReturnType<Tool['run']>
}

export const tool = <Input extends z.ZodObject>(definition: Definition<Input>): Tool => definition as Tool

export const image = z
  .string()
  .min(1)
  .describe('the image: a path below the folder that this server may read, or a data: URL (PNG, JPEG, WebP, GIF)')

export const methodText = z.string().min(1).max(1000)

export const method = methodText
  .optional()
  .describe(
    'how to spend fewer visual tokens, such as "visionzip:keep=.25" or "fastv:layer=2,keep=.5"; several are joined by +; all tokens are used if not given',
  )

export const maxTokens = z.int().min(1).max(4096).optional().describe('the longest answer in tokens; 128 if not given')

const count = z.int().min(0)
const duration = z.number().min(0)

export const answered = z.object({
  answer: z.string(),
  finish_reason: z.enum(['stop', 'length']).describe('length: it was cut off at max_tokens'),
  method: z.string().describe('with all its options; "dense" uses all tokens'),
  visual_tokens: z.object({
    before: count.describe('patches of the image'),
    after: count.describe('given to the language model'),
    last: count.describe('left in its last layer'),
  }),
  milliseconds: z.object({
    preprocess: duration,
    vision: duration,
    prefill: duration,
    decode: duration,
    ttft: duration.describe('to the first token'),
  }),
})

export interface Question {
  readonly image: string
  readonly question: string
  readonly method?: string
  readonly max_tokens?: number
}

/** One question about one image, as the engine takes it. */
export async function jobOf(asked: Question, work: Work): Promise<GenerateJob> {
  const { question, method: choice, max_tokens: most } = asked
  const bytes = await work.readImage(asked.image)
  return {
    kind: 'generate',
    messages: [{ role: 'user', content: [picture(bytes, 'image'), words(question)] }],
    sampling: { ...(most !== undefined && { maxTokens: most }) },
    ...(choice !== undefined && { method: choice }),
  }
}

/** Tells of an answer while it is made. */
export function reporter({ assistant, report }: Work): (progress: Progress) => void {
  let said = ''
  report(assistant.isLoaded ? 'waiting for its turn' : 'loading the model')
  return (progress) => {
    if (progress.type === 'reading') report('the image and the question were read')
    if (progress.type === 'text') report((said += progress.text))
  }
}

export function structured({ text, finishReason, method, tokens, milliseconds }: Generated) {
  const { before, after, last } = tokens.visual
  return { answer: text, finish_reason: finishReason, method, visual_tokens: { before, after, last }, milliseconds }
}

/** `fastv:layer=2,keep=0.5: 144 -> 72 visual tokens, 35 ms to the first token, 51 ms in all` */
export function costLine({ method: name, tokens: { visual }, milliseconds: { ttft, decode } }: Generated): string {
  const counted = visual.last === visual.before ? visual.before : `${visual.before} -> ${visual.last}`
  return `${name}: ${counted} visual tokens, ${ttft.toFixed(0)} ms to the first token, ${(ttft + decode).toFixed(0)} ms in all`
}
