/**
 * Times llama.cpp on a GGUF file: node llama-cpp.mjs FILE --prompt 800 --decode 32 --repeat 5. Prints one line of JSON:
 * milliseconds of each prefill and of each decoded token at depth 0 and after the prompt, and the load time.
 */
import { parseArgs } from 'node:util'
import { getLlama, LlamaLogLevel } from 'node-llama-cpp'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    prompt: { type: 'string', multiple: true, default: ['200', '800'] },
    decode: { type: 'string', default: '32' },
    repeat: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
  },
})
const threads = Number(values.threads)
const llama = await getLlama({ gpu: false, build: 'never', logLevel: LlamaLogLevel.error, maxThreads: threads })
const started = performance.now()
const model = await llama.loadModel({ modelPath: positionals[0], gpuLayers: 0 })
const load = performance.now() - started
const context = await model.createContext({ contextSize: 2048, batchSize: 2048, threads, sequences: 1 })
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

const result = { load, prefill: {}, decode: {} }
await forward(tokens(16))
await sequence.clearHistory()
result.decode[0] = await decode(Number(values.decode))
for (const length of values.prompt.map(Number)) {
  result.prefill[length] = []
  for (let round = 0; round < Number(values.repeat); round++) {
    await sequence.clearHistory()
    result.prefill[length].push(await forward(tokens(length)))
  }
  result.decode[length] = await decode(Number(values.decode))
}
console.log(JSON.stringify({ ...result, memory: process.memoryUsage.rss() }))
await llama.dispose()
