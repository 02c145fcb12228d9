/** Times one question about an image, by each method, and prints one line of JSON: see `QuestionTiming`. */
import { loadModel } from '../../../src/evaluation/load-model.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { median } from '../../row.ts'
import { photograph } from '../question.ts'
import { rounds } from '../rounds.mjs'

const { checkpoint, dtype, repeat, image: size, prompt, methods, seconds, secondsInAll } = JSON.parse(process.argv[2])
const model = await loadModel(checkpoint, { dtype })
/** No image is asked about twice: its visual tokens would be remembered. */
let seed = 0

async function ask(method: string, extent = size) {
  const image = photograph(seed++, extent)
  let ttft = 0
  const started = performance.now()
  const onPrefill = () => {
    ttft = performance.now() - started
  }
  const options = { prompt, rawPrompt: true, maxTokens: 1, ignoreEos: true, images: [image], onPrefill }
  return { ...(await model.generate({ ...options, method: parseMethod(method) })), ttft }
}

/** Few views, and the same programs. */
const strip = { width: size.width, height: Math.round(size.width / 4) }

async function time(method: string) {
  await ask(method, strip)
  const replies = await rounds({ repeat, seconds }, () => ask(method))
  const { tokens } = replies[0]
  const stage = (name: 'preprocess' | 'vision' | 'prefill') => median(replies.map((reply) => reply.milliseconds[name]))
  return {
    method,
    visual: tokens.visual.after,
    last: tokens.visual.last,
    text: tokens.text,
    ttft: replies.map((reply) => reply.ttft),
    stages: { preprocess: stage('preprocess'), vision: stage('vision'), prefill: stage('prefill') },
  }
}

const questions: (Awaited<ReturnType<typeof time>> | { method: string; problem: string })[] = []
const end = performance.now() + 1000 * secondsInAll
for (const method of methods)
  questions.push(
    performance.now() > end
      ? { method, problem: `the methods before it took more than ${secondsInAll} s` }
      : await time(method).catch((error: Error) => ({ method, problem: error.message })),
  )
console.log(JSON.stringify({ questions, memory: process.resourceUsage().maxRSS * 1024 }))
await model.dispose()
