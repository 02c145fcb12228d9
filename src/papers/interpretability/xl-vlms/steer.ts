import { z } from 'zod'
import { FoveaError } from '../../../errors.ts'
import { zeros } from '../../../nn/index.ts'
import type { PlaceFunctions } from '../../../pipeline/method/method.ts'
import { add, arange, cast, dimValue, maximum, mul, reshape, sub, subDim, type Tensor } from '../../../tensor/index.ts'

export const steerOptions = z.object({
  layer: z
    .int()
    .default(-2)
    .describe('the layer whose output is changed; below 0 counted from the end: -1 is the last'),
  alpha: z.number().default(1).describe('how often the vector is added'),
  at: z
    .enum(['all', 'last', 'generated'])
    .default('all')
    .describe('every slot, or from the last one of the prompt, or of the answer'),
  concept: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .default('vector')
    .describe('which of its vectors: a name of the weights'),
})

/** Which layer a number means. Throws FoveaError `method_layer`. */
function layerOf(layer: number, count: number): number {
  const found = layer < 0 ? count + layer : layer
  if (found >= 0 && found < count) return found
  const message = `xl-vlms: there is no layer ${layer}; the language model has layers 0 to ${count - 1}, or -1 to -${count}`
  throw new FoveaError('method_layer', 'usage', message)
}

/** `h' = h + alpha s` at the output of a layer. */
export const steer = ({ layer, alpha, at: where, concept }: z.output<typeof steerOptions>): PlaceFunctions => ({
  read: {
    layer: (seq, next, at) => {
      const ran = next(seq)
      const { hiddenSize, layers } = at.architecture.language
      if (at.layer !== layerOf(layer, layers)) return ran
      const vector = reshape(at.p(concept, [hiddenSize], zeros), [1, 1, hiddenSize])
      return { ...ran, states: add(ran.states, mul(mul(vector, alpha), slotsOf(where, ran.states))) }
    },
  },
})

/** 1 at the slots that are changed, 0 at the others: [1, s, 1], or one number for all. */
function slotsOf(where: 'all' | 'last' | 'generated', { shape: [, length] }: Tensor): Tensor | number {
  if (where === 'all') return 1
  const count = dimValue(length)
  // A step of the answer has one slot; a prompt has more.
  if (where === 'generated') return cast(maximum(sub(2, count), 0), 'f32')
  return reshape(cast(maximum(sub(arange(length), dimValue(subDim(length, 2))), 0), 'f32'), [1, length, 1])
}
