/** A reducer of one's own, asked and measured: npx tsx examples/custom-reducer.ts FOLDER IMAGE QUESTION [RIVAL...|all] */
import {
  benchReduce,
  compose,
  everyReducer,
  keepTokens,
  loadModel,
  type Method,
  parseMethod,
  readImage,
  tensor,
} from '../src/index.ts'

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

const [folder, path, prompt, ...rivals] = process.argv.slice(2)
const model = await loadModel(folder)
const method = compose(largestNorm(0.5), parseMethod('fastv:layer=2,keep=.5'))
const { text, tokens } = await model.generate({ prompt, images: [await readImage(path)], method })
console.log(text)
console.log(`${method.name}: ${tokens.visual.before} -> ${tokens.visual.after} -> ${tokens.visual.last} visual tokens`)
await model.dispose()

const methods = rivals[0] === 'all' ? await everyReducer() : rivals
const reducers = [{ label: 'largest-norm', at: largestNorm }]
const asked = { tasks: ['color', 'count'], n: 2, rounds: 0, keeps: [0.25], out: process.env.OUT ?? 'runs/bench/mine' }
if (methods.length > 0)
  for await (const { label, accuracy, against, flops } of benchReduce({ ...asked, methods, reducers, model: folder })) {
    const above = against.resize ? `, ${(100 * against.resize.mean).toFixed(0)} points above resize` : ''
    console.log(`${label}: ${(100 * accuracy.share).toFixed(0)} % right${above}, FLOPs x ${flops.toFixed(2)}`)
  }
