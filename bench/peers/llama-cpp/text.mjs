/**
 * Times llama.cpp on a GGUF file: node text.mjs FILE TASK. Prints one line of JSON: milliseconds of each prefill and of
 * each decoded token, of the load as the file lies and of a second one, and the most memory held.
 */
import { getLlama, LlamaLogLevel } from 'node-llama-cpp'
import { rounds } from '../rounds.mjs'

const [path, task] = process.argv.slice(2)
const { prompts, depths, decoded, seconds, repeat, threads } = JSON.parse(task)
const llama = await getLlama({ gpu: false, build: 'never', logLevel: LlamaLogLevel.error, maxThreads: threads })

async function load() {
  const started = performance.now()
  const model = await llama.loadModel({ modelPath: path, gpuLayers: 0 })
  const context = await model.createContext({ contextSize: 2048, batchSize: 2048, threads, sequences: 1 })
  return { model, context, milliseconds: performance.now() - started }
}

const first = await load()
const coldMemory = process.resourceUsage().maxRSS * 1024
await first.context.dispose()
await first.model.dispose()
const { context, milliseconds: warm } = await load()
const sequence = context.getSequence()
const tokens = (count) => Array.from({ length: count }, (_, at) => 10 + (at % 600))

/** One forward pass over the tokens; the logits of the last one are computed, as in a chat. */
async function forward(ids) {
  const start = performance.now()
  await sequence.controlledEvaluate(
    ids.map((id, at) =>
      at === ids.length - 1 ? [id, { generateNext: { token: true, options: { temperature: 0 } } }] : id,
    ),
  )
  return performance.now() - start
}

async function decode(count) {
  const times = []
  for (let at = 0; at < count; at++) times.push(await forward([10 + (at % 600)]))
  return times
}

const result = { cold: first.milliseconds, coldMemory, warm, prefill: {}, decode: {} }
await forward(tokens(16))
for (const length of prompts)
  result.prefill[length] = await rounds({ repeat, seconds }, async () => {
    await sequence.clearHistory()
    return forward(tokens(length))
  })
for (const depth of depths) {
  await sequence.clearHistory()
  if (depth > 0) await forward(tokens(depth))
  result.decode[depth] = (await decode(decoded)).slice(2)
}
console.log(JSON.stringify({ ...result, memory: process.resourceUsage().maxRSS * 1024 }))
await llama.dispose()
