/** Asks about an image and prints the answer as it comes: npx tsx examples/ask.ts FOLDER IMAGE QUESTION */
import { loadModel, parseMethod, readImage } from '../src/index.ts'

const [folder, path, prompt] = process.argv.slice(2)
const model = await loadModel(folder)

const { tokens, milliseconds } = await model.generate({
  prompt,
  images: [await readImage(path)],
  method: parseMethod('visionzip:keep=.25'),
  onText: (piece) => process.stdout.write(piece),
})

const { before, after } = tokens.visual
console.log(`\n${before} patches became ${after} visual tokens; first word after ${milliseconds.ttft.toFixed(0)} ms`)
await model.dispose()
