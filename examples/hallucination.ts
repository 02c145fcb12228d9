/** Asks for things that may not be there, plainly and by DAMRO: npx tsx examples/hallucination.ts FOLDER IMAGE THING... */
import { dense, loadModel, parseMethod, readImage } from '../src/index.ts'

const [folder, path, ...things] = process.argv.slice(2)
const model = await loadModel(folder)
const image = await readImage(path)
const methods = [dense, parseMethod('damro')]

for (const thing of things) {
  const prompt = `is there a ${thing}?`
  const said: string[] = []
  for (const method of methods) {
    const { text } = await model.generate({ prompt, images: [image], method, maxTokens: 8, temperature: 0 })
    said.push(`${method.name.split(':')[0]}: ${text.trim()}`)
  }
  console.log(`${prompt} ${said.join(', ')}`)
}
await model.dispose() // over whole sets, beside what others answer: fovea eval world --group bias --method damro
