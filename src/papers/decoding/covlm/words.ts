import type { Architecture } from '../../../models/family.ts'
import { linear, type Scope } from '../../../nn/index.ts'
import { add, type Tensor } from '../../../tensor/index.ts'

/** Words of its own that it may say; in the places of <box> and <prebox> stand the regions themselves. */
export const WORDS = ['<obj>', '</obj>', '<visual>', '<previsual>'] as const
export type Word = (typeof WORDS)[number]

/** Before training its words are never said. */
const UNSAID = -10

/** Their embeddings, [words, d]. */
export const wordTable = (p: Scope, { language }: Architecture): Tensor =>
  p('words', [WORDS.length, language.hiddenSize])

/** Their logits out of normalised states, [..., d] -> [..., words]. */
export const wordLogits = (p: Scope, h: Tensor): Tensor =>
  add(
    linear(p, h, WORDS.length, false),
    p('bias', [WORDS.length], ([count]) => new Float32Array(count).fill(UNSAID)),
  )
