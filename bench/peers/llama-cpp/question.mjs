/**
 * Times one question about an image with llama.cpp's multimodal part (mtmd): node question.mjs LANGUAGE VISION TASK, by
 * the addon of @fugood/llama.node, or one built elsewhere (FOVEA_LLAMA_ADDON). Prints one line of JSON.
 */
import { createRequire } from 'node:module'
import { rounds } from '../rounds.mjs'

const [language, vision, task] = process.argv.slice(2)
const { prompt, images, tokens, repeat, seconds, threads } = JSON.parse(task)
const { FOVEA_LLAMA_ADDON = `@fugood/node-llama-${process.platform}-${process.arch}` } = process.env
const { LlamaContext } = createRequire(import.meta.url)(FOVEA_LLAMA_ADDON)
const context = new LlamaContext({
  model: language,
  n_ctx: tokens,
  n_batch: 2048,
  n_ubatch: 512,
  n_threads: threads,
  n_gpu_layers: 0,
  use_mmap: true,
})
const system = context.getSystemInfo()
if (process.arch === 'x64' && !/AVX2? = 1/.test(system))
  throw new Error(
    `its addon was compiled without vector instructions, so that it is a hundred times slower than llama.cpp is: ` +
      `${system.split('|').slice(1).join('|').trim()}; name a native build of it in FOVEA_LLAMA_ADDON`,
  )
if (!context.initMultimodal({ path: vision, use_gpu: false })) throw new Error(`mtmd refuses ${vision}`)

const marked = prompt.replace('<image>', '<__media__>')

/** Milliseconds to the first token: reading the pixels, cutting, encoding, prefill. */
async function ask(image) {
  context.clearCache(true)
  const start = performance.now()
  let first
  const result = await context.completion(
    { prompt: marked, media_paths: [image], n_predict: 1, temperature: 0 },
    () => {
      first ??= performance.now() - start
    },
  )
  return { milliseconds: first ?? performance.now() - start, result }
}

const laidOut = await context.tokenize(marked, [images[0]])
const visual = laidOut.tokens.filter((id) => id < 0).length
const views = laidOut.chunk_pos_media.length
await ask(images[0])
const ttft = await rounds({ repeat, seconds }, async (before) => {
  const { milliseconds } = await ask(images[(before + 1) % images.length])
  return milliseconds
})
const memory = process.resourceUsage().maxRSS * 1024
console.log(JSON.stringify({ ttft, visual, views, text: laidOut.tokens.length - visual, memory, system }))
await context.release()
