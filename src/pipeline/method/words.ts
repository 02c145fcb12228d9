import type { Architecture } from '../../models/family.ts'
import type { Scope } from '../../nn/index.ts'
import {
  concat,
  constant,
  expand,
  gather,
  greaterEqual,
  matmul,
  maximum,
  reshape,
  select,
  sub,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'
import type { Tokenizer } from '../../text/tokenizer.ts'
import { idOf, type Method } from './method.ts'
import { methodError } from './method-error.ts'

/** The words that a method asks for, as tokens of a model. */
export interface Words {
  /** By their text. */
  readonly ids: ReadonlyMap<string, number>
  /** From here on tokens are words of the method's own. */
  readonly first: number
}

/**
 * Numbers the words of a method: those that the model has a row for stay its own tokens, the others come behind all that
 * tokenizer and model know. Throws FoveaError `method_unfit` for a word that no prompt can hold.
 */
export function wordsOf(method: Method, { language, prompt }: Architecture, tokenizer?: Tokenizer): Words {
  const first = Math.max(language.vocabulary, tokenizer?.vocabSize ?? 0, prompt.imageToken + 1)
  const ids = new Map<string, number>()
  let next = first
  for (const word of method.needs?.words ?? []) {
    if (word.trim() === '')
      throw methodError(`${method.name} asks for the word ${JSON.stringify(word)}, which is blank; name it otherwise`)
    const known = tokenizer?.tokenToId(word)
    ids.set(word, known !== undefined && known < language.vocabulary ? known : next++)
  }
  return { ids, first }
}

/** Tokens of a text that may hold words of a method, by what encodes the rest of it. */
export function encodeWords(
  text: string,
  { ids }: Pick<Words, 'ids'>,
  encode: (text: string) => readonly number[],
): number[] {
  const found = [...ids].find(([word]) => text.includes(word))
  if (!found) return text === '' ? [] : [...encode(text)]
  const [word, id] = found
  return text.split(word).flatMap((piece, at) => [...(at > 0 ? [id] : []), ...encodeWords(piece, { ids }, encode)])
}

/** ids [...] -> embeddings [..., d]; words of a method's own have rows among its weights. */
export function embedTokens(
  p: Scope,
  architecture: Architecture,
  method: Method,
  ids: Tensor,
  words: Words = wordsOf(method, architecture),
): Tensor {
  const { language } = architecture
  const tables = tablesOf(method, words).map(({ id, count }) => ownRows(p, id, 'embed', count, language.hiddenSize))
  if (tables.length === 0) return language.embed(p, ids)
  const place = sub(ids, words.first)
  const isOwn = greaterEqual(place, 0)
  const known = language.embed(p, select(isOwn, 0, ids))
  const own = gather(tables.length > 1 ? concat(tables, 0) : tables[0], maximum(place, 0))
  return select(reshape(isOwn, [...ids.shape, 1]), own, known)
}

/** Normalised states [..., d] -> logits [..., vocabulary], or [..., first + n] where a method has words to say. */
export function logitsOf(p: Scope, architecture: Architecture, method: Method, words: Words, hidden: Tensor): Tensor {
  const { language } = architecture
  const known = language.logits(p, hidden)
  const tables = tablesOf(method, words)
  if (!tables.some(({ says }) => says)) return known
  const silent = (count: number) =>
    expand(constant([NEVER], new Array<number>(hidden.shape.length).fill(1)), [...hidden.shape.slice(0, -1), count])
  const own = tables.map(({ id, count, says }) =>
    says ? matmul(hidden, transpose(ownRows(p, id, 'head', count, language.hiddenSize))) : silent(count),
  )
  return concat([known, silent(words.first - language.vocabulary), ...own], -1)
}

/** The logit of what cannot be said. */
const NEVER = -1e9

const ownRows = (p: Scope, id: string, kind: 'embed' | 'head', count: number, width: number): Tensor =>
  p.at('method', id, 'words')(kind, [count, width])

interface WordTable {
  readonly id: string
  readonly count: number
  readonly says: boolean
}

/** The rows of words that the model does not have, each below the first method that asks for the word. */
function tablesOf(method: Method, { ids, first }: Words): WordTable[] {
  const taken = new Set<string>()
  return (method.parts ?? [method]).flatMap((part) => {
    const own = (part.needs?.words ?? []).filter((word) => ids.get(word)! >= first && !taken.has(word))
    for (const word of own) taken.add(word)
    return own.length > 0 ? [{ id: idOf(part), count: own.length, says: part.needs?.says ?? false }] : []
  })
}
