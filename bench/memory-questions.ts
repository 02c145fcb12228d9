/**
 * Run as a process of its own, `memory-questions.ts COUNT`: asks fovea-mini COUNT questions and prints the resident bytes
 * after each as a JSON array. Whatever is kept turns over: each question has images of its own, the methods take turns,
 * and with them image sizes and programs; conversations are opened and closed.
 */
import { fileURLToPath } from 'node:url'
import { loadModel } from '../src/evaluation/load-model.ts'
import type { RgbImage } from '../src/media/image.ts'
import { parseMethod } from '../src/papers/methods.ts'
import { dense } from '../src/pipeline/method/compose.ts'
import type { Method } from '../src/pipeline/method/method.ts'
import type { Model } from '../src/pipeline/model.ts'
import { fromRgba } from '../src/training/mini/images.ts'
import { makeScene } from '../src/world/index.ts'
import { createWorldCanvas, renderPixels } from '../src/world/node-canvas.ts'

/** A share of tokens that no earlier question had. */
const share = (at: number): string => (0.2 + 0.7 * ((at * 0.618034) % 1)).toFixed(4)
/** `resize` makes views of every size, `fastv` a language model for every share. */
const methods: readonly ((at: number) => Method)[] = [
  () => dense,
  () => parseMethod('visionzip:keep=.25'),
  (at) => parseMethod(`resize:keep=${share(at)}`),
  () => parseMethod('random:keep=.5'),
  (at) => parseMethod(`fastv:layer=2,keep=${share(at)}`),
]
const QUESTIONS = ['how many objects are there?', 'what color is the star?', 'is there a circle?']
const options = { maxTokens: 6, ignoreEos: true }

const SIDE = makeScene({ split: 'test', seed: 17, index: 0 }).size
/** One for all: a canvas holds memory that only the garbage collector frees. */
const canvas = createWorldCanvas(SIDE)
const sceneImage = (index: number): RgbImage =>
  fromRgba(renderPixels(makeScene({ split: 'test', seed: 17, index }), canvas), SIDE, SIDE)

/** Every third question goes on in a conversation. */
async function askOne(model: Model, at: number): Promise<void> {
  const [method, prompt, image] = [methods[at % methods.length](at), QUESTIONS[at % QUESTIONS.length], sceneImage(at)]
  if (at % 3 !== 0) {
    await model.generate({ prompt, images: [image], method, ...options })
    return
  }
  const conversation = await model.converse([image, sceneImage(at + 1_000_000)], method)
  await conversation.ask(prompt, options)
  await conversation.ask(QUESTIONS[0], options)
  await conversation.close()
}

const model = await loadModel(fileURLToPath(new URL('../models/fovea-mini', import.meta.url)), { threads: 1 })
const resident: number[] = []
for (let at = 0; at < Number(process.argv[2]); at++) {
  await askOne(model, at)
  globalThis.gc?.()
  resident.push(process.memoryUsage.rss())
}
await model.dispose()
console.log(JSON.stringify(resident))
