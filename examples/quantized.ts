/** Answers with a quantized model, and says what that lost: npx tsx examples/quantized.ts FOLDER IMAGE QUESTION */
import { type LoadOptions, loadModel, precisionLine, readImage } from '../src/index.ts'

const [folder, path, prompt] = process.argv.slice(2)
const options: LoadOptions = { dtype: 'int8', onQuantize: (dtype) => console.log(`making ${dtype} weights, once`) }
const model = await loadModel(folder, options)

const { text } = await model.generate({ prompt, images: [await readImage(path)] })
console.log(text)

const { precision } = model.parts
const worst = Math.max(...precision.layers.map(({ form, errors }) => errors[form] ?? 0))
console.log(`${precisionLine(precision)}: ${precision.layers.length} layers, largest error ${worst.toFixed(3)}`)
await model.dispose()
