/**
 * Times what an image question is made of on llama.cpp's kernels: node parts.mjs LANGUAGE ENCODER TASK. Prints one line
 * of JSON: milliseconds of each prefill of all its tokens, and of each encoding of one view (a text encoder of the
 * vision encoder's sizes), and the most memory held.
 */
import { getLlama, LlamaLogLevel } from 'node-llama-cpp'
import { rounds } from '../rounds.mjs'

const [language, encoder, task] = process.argv.slice(2)
const { tokens, patches, spare, repeat, seconds, threads } = JSON.parse(task)
const llama = await getLlama({ gpu: false, build: 'never', logLevel: LlamaLogLevel.error, maxThreads: threads })
const ids = (count) => Array.from({ length: count }, (_, at) => 10 + (at % 600))

/** Milliseconds of each round after the first. */
async function timed(run) {
  await run()
  return rounds({ repeat, seconds }, async () => {
    const start = performance.now()
    await run()
    return performance.now() - start
  })
}

async function timeVision() {
  const model = await llama.loadModel({ modelPath: encoder, gpuLayers: 0 })
  const context = await model.createEmbeddingContext({
    contextSize: patches + spare,
    batchSize: patches + spare,
    threads,
  })
  const added = context.calculateInputLength(ids(16)) - 16
  return timed(() => context.getEmbeddingFor(ids(patches - added)))
}

async function timePrefill() {
  const model = await llama.loadModel({ modelPath: language, gpuLayers: 0 })
  const context = await model.createContext({ contextSize: tokens + 8, batchSize: 2048, threads, sequences: 1 })
  const sequence = context.getSequence()
  const last = [10, { generateNext: { token: true, options: { temperature: 0 } } }]
  return timed(async () => {
    await sequence.clearHistory()
    await sequence.controlledEvaluate([...ids(tokens - 1), last])
  })
}

const vision = await timeVision()
const prefill = await timePrefill()
console.log(JSON.stringify({ vision, prefill, memory: process.resourceUsage().maxRSS * 1024 }))
await llama.dispose()
