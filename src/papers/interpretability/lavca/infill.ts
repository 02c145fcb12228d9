/** A language model that fills gaps: word pairs counted in captions. */
import { tokensOf } from './words.ts'

/** Beginning and end of a text. */
export const EDGE = ''

export interface Infill {
  readonly vocabulary: readonly string[]
  /** How likely a word is between two others, as shares of all words there. */
  between(left: string, right: string): ReadonlyMap<string, number>
  /** Whether one word directly followed another in some caption. */
  hasSeen(left: string, right: string): boolean
}

/** What is added to every count, so that nothing is impossible. */
const SMOOTHING = 0.01

/** `P(t | left, right) ~ P(t | left) P(right | t)`, from pairs of neighbouring words. Throws RangeError without captions. */
export function countInfill(captions: readonly string[]): Infill {
  const pairs = new Map<string, number>()
  const totals = new Map<string, number>()
  const count = (into: Map<string, number>, key: string) => into.set(key, (into.get(key) ?? 0) + 1)
  for (const caption of captions) {
    const words = [EDGE, ...tokensOf(caption), EDGE]
    for (const [at, word] of words.slice(0, -1).entries()) {
      count(pairs, `${word} ${words[at + 1]}`)
      count(totals, word)
    }
  }
  const vocabulary = [...totals.keys()].filter((word) => word !== EDGE).sort()
  if (vocabulary.length === 0) throw new RangeError('a language model needs captions to be counted from')
  const follows = (left: string, right: string) =>
    ((pairs.get(`${left} ${right}`) ?? 0) + SMOOTHING) / ((totals.get(left) ?? 0) + SMOOTHING * (vocabulary.length + 1))
  return {
    vocabulary,
    hasSeen: (left, right) => pairs.has(`${left} ${right}`),
    between: (left, right) => {
      const scores = vocabulary.map((word) => follows(left, word) * follows(word, right))
      const total = scores.reduce((sum, score) => sum + score, 0)
      return new Map(vocabulary.map((word, at) => [word, scores[at] / total]))
    },
  }
}
