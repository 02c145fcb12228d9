/** A reducer of one's own, before one from a paper: npx tsx examples/custom-reducer.ts FOLDER IMAGE QUESTION */
import { compose, keepTokens, loadModel, type Method, parseMethod, readImage, tensor } from '../src/index.ts'

const { scaleDim, sortAscending, square, sum, topK } = tensor

/** Keeps the visual tokens of largest norm: |t|^2 = sum_d t_d^2. */
const largestNorm = (keep: number): Method => ({
  name: `largest-norm:keep=${keep}`,
  see: {
    tokens: (tokens) => {
      const scores = sum(square(tokens.states), -1) // [b, m]
      const kept = topK(scores, scaleDim(tokens.states.shape[1], keep))
      return keepTokens(tokens, sortAscending(kept), 'largest-norm')
    },
  },
})

const [folder, path, prompt] = process.argv.slice(2)
const model = await loadModel(folder)
const method = compose(largestNorm(0.5), parseMethod('fastv:layer=2,keep=.5'))
const { text, tokens } = await model.generate({ prompt, images: [await readImage(path)], method })
console.log(text)
console.log(`${method.name}: ${tokens.visual.before} -> ${tokens.visual.after} -> ${tokens.visual.last} visual tokens`)
await model.dispose()
