import type { Architecture } from '../../models/family.ts'
import type { Scope } from '../../nn/index.ts'
import { unit } from '../../pipeline/method/similarity.ts'
import {
  add,
  arange,
  cast,
  constant,
  crossEntropy,
  gather,
  greater,
  matmul,
  mean,
  mul,
  reshape,
  sub,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'
import { LANGUAGES, THINGS, tongueOf } from '../../world/index.ts'
import { known } from './dense.ts'

type Encode = (text: string) => readonly number[]

export interface Vocabulary {
  readonly size: number
  readonly encode: Encode
}

interface Shown {
  /** Visual tokens as they enter the language model, and as they leave it, [b, n, d]. */
  readonly tokens: Tensor
  readonly hidden: Tensor
  /** Class of the thing that each shows, 0 for none, i64 [b, n]. */
  readonly label: Tensor
}

/** Sharpness of the choice among names by cosine. */
const SCALE = 12

/**
 * What visual tokens show, said in words: each lies nearest to the embedding of the name of its thing, in every language
 * (cosines among all names), and the language model would say that name where it stands at the token. A question names a
 * thing once; a picture shows it in dozens of patches.
 */
export function namingLosses(
  p: Scope,
  { language }: Architecture,
  { tokens, hidden, label }: Shown,
  logits: (hidden: Tensor) => Tensor,
  { size, encode }: Vocabulary,
): { meaning: Tensor; saying: Tensor } {
  const weights = cast(greater(label, 0), 'f32')
  const shown = known(label)
  const words = reshape(language.embed(p, reshape(arange(size), [1, size])), [size, language.hiddenSize])
  const named = LANGUAGES.map((id) => {
    const names = matmul(constant(sharesOf(id, size, encode), [CLASSES, size]), words)
    // What all names have in common tells none from another.
    const own = unit(sub(names, mean(names, 0, true)))
    return crossEntropy(mul(matmul(unit(tokens), transpose(own, [1, 0])), SCALE), shown, { weights })
  })
  const first = constant([0, ...THINGS.map(({ name }) => encode(name)[0] ?? 0)], [CLASSES], 'i64')
  return {
    meaning: mul(
      named.reduce((a, b) => add(a, b)),
      1 / named.length,
    ),
    saying: crossEntropy(logits(hidden), gather(first, shown), { weights }),
  }
}

const CLASSES = THINGS.length + 1

/** The share of each token of the vocabulary in each name, as it stands within a sentence: [classes, size]. */
function sharesOf(id: string, size: number, encode: Encode): Float32Array {
  const tongue = tongueOf(id)
  const shares = new Float32Array(CLASSES * size)
  for (const [at, { name }] of THINGS.entries()) {
    const ids = encode(` ${tongue.phrase({ name }).text}`)
    for (const token of ids) shares[(at + 1) * size + token] += 1 / ids.length
  }
  shares[0] = 1 // none: never asked for
  return shares
}
