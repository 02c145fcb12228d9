/** Words of captions, and where they lie in the space of image embeddings. arXiv 2502.13606, step 5. */
import { type Rows, ridge } from '../../../evaluation/linear/ridge.ts'
import { cosine, plus, type Vector } from '../xl-vlms/vectors.ts'

/** Words that say nothing of what is shown. */
const STOP = new Set(['a', 'an', 'and', 'the', 'of', 'in', 'with', 'is', 'are', 'there'])

/** All words of a caption, in order. */
export const tokensOf = (caption: string): string[] => caption.toLowerCase().match(/[a-z]+|\d+/g) ?? []

/** Its words that may be keywords, each once: no articles, no numbers. */
export const wordsIn = (caption: string): string[] =>
  [...new Set(tokensOf(caption))].filter((word) => !STOP.has(word) && !/^\d/.test(word))

/** Words as vectors in the space of image embeddings. */
export interface TextTower {
  readonly vectors: ReadonlyMap<string, Vector>
  /** A text: the sum of its known words, each once; undefined where it has none. */
  embed(text: string): Vector | undefined
}

/** How strongly vectors of rare words are drawn to zero. */
const STRENGTH = 1

/**
 * A text tower out of pictures and their captions: the least-squares map from the words of a caption (each 0 or 1) to the
 * embedding of its picture, both centred, so that the mean picture is no word's. Words of fewer than two captions are left out.
 */
export function textTower(captions: readonly string[], embeddings: Rows): TextTower {
  const words = captions.map(wordsIn)
  const counts = new Map<string, number>()
  for (const word of words.flat()) counts.set(word, (counts.get(word) ?? 0) + 1)
  const known = [...counts].filter(([, count]) => count > 1).map(([word]) => word)
  const bags = words.map((own) => known.map((word) => Number(own.includes(word))))
  const { weights } = ridge(bags, embeddings, STRENGTH)
  const vectors = new Map(known.map((word, at) => [word, weights.map((row) => row[at])] as const))
  return {
    vectors,
    embed: (text) => {
      const own = wordsIn(text).flatMap((word) => (vectors.has(word) ? [vectors.get(word)!] : []))
      return own.length > 0 ? own.reduce<Vector>(plus, new Array<number>(own[0].length).fill(0)) : undefined
    },
  }
}

/** How well a text fits a direction: cosine, and the least there is where the text says nothing known. */
export function fitOf(tower: Pick<TextTower, 'embed'>, text: string, direction: Vector): number {
  const found = tower.embed(text)
  return found ? cosine(found, direction) : -1
}

/** Captions as weighted bags of words, for comparing texts apart from images: tf-idf. K. Sparck Jones, 1972. */
export function tfIdf(captions: readonly string[]): (text: string) => ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const word of captions.flatMap(wordsIn)) counts.set(word, (counts.get(word) ?? 0) + 1)
  return (text) =>
    new Map(wordsIn(text).map((word) => [word, Math.log((1 + captions.length) / (1 + (counts.get(word) ?? 0)))]))
}

/** Cosine of two bags; 0 where one is empty. */
export function bagCosine(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  const size = (bag: ReadonlyMap<string, number>) => Math.hypot(...bag.values())
  const shared = [...a].reduce((sum, [word, weight]) => sum + weight * (b.get(word) ?? 0), 0)
  return shared / (size(a) * size(b) || 1)
}
