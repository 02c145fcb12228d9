import { f32, type Value } from '../../runtime/index.ts'
import type { Tokenizer } from '../../text/tokenizer.ts'

/** Weights with a row for every token. */
const TABLES = /(^|\.)(embed_tokens|lm_head)\.weight$/

/**
 * Weights of a model for a wider vocabulary, whose first ids are those of its own: the row of a new token is the mean of the
 * rows that its text had before.
 */
export function growVocabulary(
  values: ReadonlyMap<string, Value>,
  from: Pick<Tokenizer, 'encode'>,
  to: Pick<Tokenizer, 'decode' | 'vocabSize'>,
): Map<string, Value> {
  const grown = new Map(values)
  for (const [name, { dims, data }] of values) {
    const [rows, width] = dims
    if (!TABLES.test(name) || rows >= to.vocabSize) continue
    const wider = new Float32Array(to.vocabSize * width)
    wider.set(data as Float32Array)
    for (let id = rows; id < to.vocabSize; id++) {
      const pieces = from.encode(to.decode([id]))
      for (const piece of pieces)
        for (let c = 0; c < width; c++) wider[id * width + c] += Number(data[piece * width + c]) / pieces.length
    }
    grown.set(name, f32([to.vocabSize, width], wider))
  }
  return grown
}
