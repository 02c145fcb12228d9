import { FoveaError } from '../../../errors.ts'
import type { Method } from '../../../pipeline/method/method.ts'
import { withAdapter } from '../../../pipeline/method/own-weights.ts'
import type { Model } from '../../../pipeline/model.ts'
import { add, mul, reshape } from '../../../tensor/index.ts'
import { adapterOf } from '../../reports/random-weights.ts'
import type { Vector } from './vectors.ts'

/** Puts a vector in the place of every state that leaves the last layer. */
const lensOf = (vector: Vector, name: string): Method => {
  const data = Float32Array.from(vector)
  const method: Method = {
    name: `lens:${name}`,
    read: {
      layer: (seq, next, { layer, p, architecture: { language } }) => {
        const ran = next(seq)
        if (layer !== language.layers - 1) return ran
        const shown = reshape(p('vector', [data.length]), [1, 1, data.length])
        return { ...ran, states: add(mul(ran.states, 0), shown) }
      },
    },
  }
  return withAdapter(method, adapterOf(new Map([['method.lens.vector', { shape: [data.length], data }]])))
}

/**
 * The words that a state of the last layer means: those whose tokens the model's own head finds likeliest, best first. A
 * token counts as a word if it is letters alone, three at least, or a number.
 */
export async function wordsOf(model: Model, vector: Vector, name: string, count = 5): Promise<string[]> {
  let logits = new Float32Array(0)
  const onPrefill = (_: readonly number[], last: Float32Array) => {
    logits = last.slice()
  }
  await model.generate({ prompt: 'a', method: lensOf(vector, name), maxTokens: 0, onPrefill })
  if (!logits.every(Number.isFinite)) throw new FoveaError('state_invalid', 'input', `${name}: it is no state`)
  const order = [...logits.keys()].sort((a, b) => logits[b] - logits[a])
  const words = order.map((id) => model.parts.tokenizer.decode([id]).trim().toLowerCase())
  return [...new Set(words.filter((word) => /^([a-z]{3,}|\d+)$/.test(word)))].slice(0, count)
}
