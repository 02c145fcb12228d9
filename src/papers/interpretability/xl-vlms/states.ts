/** States that a model predicts its first word from. */
import type { Method } from '../../../pipeline/method/method.ts'
import type { Model } from '../../../pipeline/model.ts'
import { reshape, slice, subDim } from '../../../tensor/index.ts'
import type { Lab } from '../../reports/lab.ts'
import { watchModel } from '../../reports/watched-model.ts'
import type { Asked } from './questions.ts'
import type { Vector } from './vectors.ts'

/** The state of the last slot at the output of layers, beside a method that may be there already. */
export const stateHeads = (layers: readonly number[]): Method => ({
  name: `states:layers=${layers.join('/')}`,
  read: {
    heads: Object.fromEntries(
      layers.map((layer) => [
        `state${layer}`,
        ({ layers: ran }, { architecture: { language } }) => {
          const { output } = ran[layer]
          const length = output.shape[1]
          return reshape(slice(output, 1, subDim(length, 1), length), [language.hiddenSize])
        },
      ]),
    ),
  },
})

/** What a model said, and the state that it predicted its first word from, at each of the layers that were asked for. */
export interface Predicted {
  readonly word: string
  readonly answer: string
  readonly states: Readonly<Record<number, Vector>>
}

/**
 * Asks questions and keeps the states of their last slot: the token there predicts the first of the answer, so it is not
 * the state of that word but the one before. Plain data, to be remembered.
 */
export async function predict(
  lab: Pick<Lab, 'signal' | 'progress'>,
  model: Model,
  questions: readonly Asked[],
  layers: readonly number[],
  method: Method = stateHeads(layers),
): Promise<Predicted[]> {
  const found: Predicted[] = []
  for (const { question, image, answer, task } of questions) {
    lab.signal.throwIfAborted()
    const watched = watchModel(model)
    const reply = await watched.model.generate({ prompt: question, images: [image], method, maxTokens: 4 })
    const { heads } = watched.runs[0]
    const states = layers.map((layer) => [layer, Array.from(heads[`state${layer}`].data as Float32Array)] as const)
    found.push({ word: reply.text.trim(), answer, states: Object.fromEntries(states) })
    lab.progress(found.length, questions.length, `states of ${task}`)
  }
  return found
}
