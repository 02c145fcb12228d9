import type { DualEncoder } from '../models/dual/dual-encoder.ts'
import { createScope, type Scope } from '../nn/index.ts'
import { concat, div, input, mul, sqrt, sum, type Tensor } from '../tensor/index.ts'

/** Embeddings of length 1: [b, d] -> [b, d]. */
const normalised = (x: Tensor): Tensor => div(x, sqrt(sum(mul(x, x), -1, true)))

/** What the encoder takes of images -> `embeds` [b, width]. */
export const traceImages = (encoder: DualEncoder, p: Scope = createScope()) => {
  const inputs = Object.entries(encoder.images.shapes).map(([name, shape]) => [name, input(name, shape)])
  return { embeds: normalised(encoder.encodeImages(p, Object.fromEntries(inputs))) }
}

/** `ids` [b, s] and the places [b] of the states that stand for the texts -> `embeds` [b, width]. */
export const traceTexts = (encoder: DualEncoder, p: Scope = createScope()) => {
  const ids = input('ids', ['batch', 'length'], 'i64')
  return { embeds: normalised(encoder.encodeTexts(p, ids, input('places', ['batch'], 'i64'))) }
}

/** What makes logits of cosines: scale and bias, [2], or the scale alone, [1]. */
export const traceScale = (encoder: DualEncoder, p: Scope = createScope()) => {
  const bias = encoder.bias?.(p)
  const scale = encoder.scale(p)
  return { scale: bias ? concat([scale, bias], 0) : scale }
}

/** Everything that the encoders read. */
export function traceDual(encoder: DualEncoder, scope: Scope): void {
  traceImages(encoder, scope)
  traceTexts(encoder, scope)
  traceScale(encoder, scope)
}
