/** Times one model at one dtype and prints one line of JSON: see `TextTiming`. */
import { loadModel } from '../../../src/evaluation/load-model.ts'
import type { RgbImage } from '../../../src/media/image.ts'
import type { Chunk } from '../../../src/pipeline/flow/language-program.ts'
import { dense } from '../../../src/pipeline/method/compose.ts'
import { f32 } from '../../../src/runtime/index.ts'
import { rounds } from '../rounds.mjs'

const { checkpoint, dtype, repeat, seconds, prompts, depths, decoded } = JSON.parse(process.argv[2])

const model = await loadModel(checkpoint, { dtype })
const language = await model.language(dense)
const { hiddenSize } = model.parts.architecture.language

const chunk = (length: number, start: number): Chunk => ({
  ids: Array.from({ length }, (_, at) => 10 + (at % 600)),
  visual: f32([0, hiddenSize], new Float32Array(0)),
  order: Array.from({ length }, (_, at) => at),
  positions: Array.from({ length }, (_, at) => start + at),
})

async function timed(length: number, start: number): Promise<number> {
  const from = performance.now()
  await language.run('bench', chunk(length, start))
  return performance.now() - from
}

async function fresh(length: number): Promise<number> {
  await language.close('bench')
  await language.open('bench')
  return length > 0 ? timed(length, 0) : 0
}

await language.open('bench')
await fresh(64)
const prefill: Record<number, number[]> = {}
for (const length of prompts) prefill[length] = await rounds({ repeat, seconds }, () => fresh(length))
const decode: Record<number, number[]> = {}
for (const depth of depths) {
  await fresh(depth)
  const times: number[] = []
  for (let at = 0; at < decoded; at++) times.push(await timed(1, depth + at))
  decode[depth] = times.slice(2)
}

const memory = process.resourceUsage().maxRSS * 1024
const vision: number[] = []
const side = model.parts.architecture.vision.viewSize
for (let round = 0; round <= Math.min(repeat, 3); round++) {
  const data = Uint8Array.from({ length: side * side * 3 }, (_, at) => (at * 7 + round) % 256)
  const image: RgbImage = { width: side, height: side, data }
  const encoded = await model.encode(image, dense, false)
  if (round > 0) vision.push(encoded.views[0].milliseconds)
}
console.log(JSON.stringify({ prefill, decode, vision, memory }))
await model.dispose()
