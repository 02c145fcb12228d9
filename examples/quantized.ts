/** Answers with a quantized model, and says what that lost: npx tsx examples/quantized.ts FOLDER IMAGE QUESTION */
import { loadModel, precisionLine, quantizeModel, readImage } from '../src/index.ts'

const [folder, path, prompt] = process.argv.slice(2)
// Without this step every layer is rounded to nearest, which takes seconds; with it each load goes by what was measured.
await quantizeModel(folder, { dtype: 'int8' })
const model = await loadModel(folder, { dtype: 'int8' })

const { text } = await model.generate({ prompt, images: [await readImage(path)] })
console.log(text)

const { precision } = model.parts
const worst = Math.max(...precision.layers.map(({ form, errors }) => errors[form] ?? 0))
console.log(`${precisionLine(precision)}: ${precision.layers.length} layers, largest error ${worst.toFixed(3)}`)
await model.dispose()
