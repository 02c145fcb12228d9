/** Asks about several images at once: npx tsx examples/several-images.ts FOLDER QUESTION IMAGE... */
import { loadModel, readImage } from '../src/index.ts'

const [folder, prompt, ...paths] = process.argv.slice(2)
const model = await loadModel(folder)
const images = await Promise.all(paths.map((path) => readImage(path)))

const { text, kept } = await model.generate({ prompt, images, maxTokens: 32 }) // in the prompt they stand in this order
console.log(text)
for (const [index, patches] of kept.entries()) console.log(`${paths[index]}: ${patches.length} patches`)
await model.dispose()
