/** Asks about an image and prints what the answer rests on: npx tsx examples/explain.ts FOLDER IMAGE QUESTION */
import { loadModel } from '../src/index.ts'

const [folder, path, prompt] = process.argv.slice(2)
const model = await loadModel(folder)
const { reply, answer, layers, relevance, patches } = await model.explain({ prompt, images: path, maxTokens: 16 })

console.log(reply.text)
for (const { text, lens } of answer)
  console.log(
    `${JSON.stringify(text)} behind each layer: ${lens.map(([guess]) => JSON.stringify(guess.text)).join(' ')}`,
  )

const share = layers.map(({ attention }) => attention[0].reduce((sum, value) => sum + value, 0))
console.log(
  `the first word looks at the picture with ${share.map((value) => value.toFixed(2)).join(', ')} of its attention`,
)

const best = [...patches[0].keys()].sort((a, b) => relevance![patches[0][b]] - relevance![patches[0][a]])
console.log(`the answer rests most on patches ${best.slice(0, 3).join(', ')} of ${patches[0].length}`)
await model.dispose()
