import { z } from 'zod'
import {
  answered,
  costLine,
  image,
  jobOf,
  maxTokens,
  method,
  type Question,
  reporter,
  structured,
  tool,
  type Work,
} from './tool.ts'

export const askImage = tool({
  name: 'ask_image',
  title: 'Ask about an image',
  description:
    'Answers a question about an image with a vision-language model on this machine, and says what that cost.',
  input: z.object({
    image,
    question: z.string().min(1).max(100_000).describe('what to ask, in words'),
    method,
    max_tokens: maxTokens,
  }),
  output: answered,
  run: ask,
})

export const describeImage = tool({
  name: 'describe_image',
  title: 'Describe an image',
  description: 'Says in words what an image shows, with a vision-language model on this machine.',
  input: z.object({ image, method, max_tokens: maxTokens }),
  output: answered,
  run: (given, work) => ask({ ...given, question: 'describe the image.' }, work),
})

async function ask(asked: Question, work: Work) {
  const job = await jobOf(asked, work)
  const result = await work.assistant.answer(job, { signal: work.signal, onProgress: reporter(work) })
  const texts = [result.text, costLine(result)]
  return { content: texts.map((text) => ({ type: 'text' as const, text })), structured: structured(result) }
}
