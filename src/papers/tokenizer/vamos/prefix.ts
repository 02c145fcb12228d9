/** Learnt rows before the first token, which every layer looks at through a gate that begins shut. */
import { allTags } from '../../../models/language/sequence.ts'
import { attend, attentionWeights, mergeHeads, splitHeads, truncatedNormal, zeros } from '../../../nn/index.ts'
import type { PartSite, ReadSide } from '../../../pipeline/method/method.ts'
import { methodError } from '../../../pipeline/method/method-error.ts'
import { add, cast, equal, expand, max, mul, reshape, type Tensor, tanh, transpose } from '../../../tensor/index.ts'

type AttentionStage = Extract<NonNullable<ReadSide['attention']>, (...args: never[]) => unknown>

/**
 * out = A_s V_s + tanh(g_h) softmax(Q K_p^T / sqrt(d_h)) V_p, of prompts that hold the word `open` and their answers; all
 * others are read as they are.
 * @param rows learnt keys and values of a layer
 */
export const gatedPrefix =
  (rows: number, open: string): AttentionStage =>
  (asked, next, at) => {
    const { keyValue, width, count } = at.architecture.language.heads
    const p = at.p.at('prefix', String(at.layer))
    const batch = asked.q.shape[0]
    const learnt = (name: string) => {
      const table = reshape(p(name, [rows, keyValue * width], truncatedNormal(0.02)), [1, rows, keyValue, width])
      return expand(transpose(table, [0, 2, 1, 3]), [batch, keyValue, rows, width])
    }
    const found = attend(attentionWeights(splitHeads(asked.q, count), learnt('keys')), learnt('values'))
    const gate = reshape(tanh(p('gate', [count], zeros)), [1, count, 1, 1])
    const shown = mul(gate, reshape(holds(asked.input.tags?.token, asked.past, at, open), [batch, 1, 1, 1]))
    return add(next(asked), mergeHeads(mul(found, shown)))
  }

/** 1 where a prompt holds the word, f32 [b]. */
function holds(tokens: Tensor | undefined, past: Parameters<typeof allTags>[2], { words }: PartSite, word: string) {
  if (!tokens) throw methodError('vamos looks for words of the prompt, but this sequence does not say which they are')
  return max(cast(equal(allTags('token', tokens, past), words.get(word)!), 'f32'), 1)
}
