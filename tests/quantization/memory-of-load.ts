/**
 * Run as a process of its own, `memory-of-load.ts DTYPE SMALL_FOLDER FOLDER`: loads and asks the small model, so that
 * the engine and all code are there, then the other one. Prints the resident bytes between the two and the peak at the
 * end as JSON.
 */
import { setTimeout } from 'node:timers/promises'
import { loadModel } from '../../src/evaluation/load-model.ts'
import type { Precision } from '../../src/pipeline/precision-report.ts'
import { peakMemory } from '../../src/runtime/node/memory.ts'
import { picture } from '../pipeline/tiny-model.ts'

const [dtype, small, large] = process.argv.slice(2)

async function loadAndAsk(folder: string): Promise<void> {
  const model = await loadModel(folder, { dtype: dtype as Precision, threads: 1 })
  await model.generate({ prompt: 'what is this?', images: [picture()], maxTokens: 4 })
  await model.dispose()
}

await loadAndAsk(small)
await setTimeout(500)
const idle = process.memoryUsage().rss
const before = peakMemory()
await loadAndAsk(large)
console.log(JSON.stringify({ idle, before, peak: peakMemory() }))
