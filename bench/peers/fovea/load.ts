/**
 * Loads one model once and prints one line of JSON: milliseconds until it could answer, the most memory held, and
 * whether quantized weights were there.
 */
import { loadModel } from '../../../src/evaluation/load-model.ts'
import { dense } from '../../../src/pipeline/method/compose.ts'

const { checkpoint, dtype } = JSON.parse(process.argv[2])
const started = performance.now()
const model = await loadModel(checkpoint, { dtype })
await model.language(dense)
const milliseconds = performance.now() - started
const { cached } = model.parts.precision
console.log(JSON.stringify({ milliseconds, memory: process.resourceUsage().maxRSS * 1024, cached }))
await model.dispose()
