/** A sentence around keywords, by insertion. arXiv 2502.13606, step 6; MeaCap, arXiv 2403.03715. */
import { EDGE, type Infill } from './infill.ts'

export interface ComposeOptions {
  /** Weight of the language model, and of the fit to the unit. */
  readonly alpha: number
  readonly beta: number
  /** Rounds of labels and fillings. */
  readonly rounds: number
  /** Words of a sentence at most. */
  readonly length: number
  /** Candidates of a slot: so many of the likeliest. */
  readonly candidates: number
  /** A word that is there already counts for so much less. */
  readonly repetition: number
}

/** MeaCap's; gamma is 0, as there is no memory of captions beside the pool. */
export const DEFAULTS: ComposeOptions = {
  alpha: 0.1,
  beta: 0.8,
  rounds: 10,
  length: 20,
  candidates: 200,
  repetition: 2,
}

interface Slot {
  readonly word: string
  /** Given by the keywords, and only copied. */
  readonly isKept: boolean
}

/**
 * A sentence that holds the keywords in their order. In each round every gap is labelled: a word goes in between words that
 * were never neighbours in a caption; words of former rounds are replaced; then slots are filled one by one
 * with the candidate of largest `alpha P(word) + beta suits(sentence with it)`. Ends when a round changes nothing.
 */
export function compose(
  keywords: readonly string[],
  language: Infill,
  suits: (sentence: string) => number,
  options: Partial<ComposeOptions> = {},
): string {
  const settings = { ...DEFAULTS, ...options }
  let sentence: readonly Slot[] = keywords.map((word) => ({ word, isKept: true }))
  for (let round = 0; round < settings.rounds; round++) {
    const before = textOf(sentence)
    sentence = inserted(sentence, language, suits, settings)
    for (const [at, { isKept }] of sentence.entries())
      if (!isKept) sentence = withWord(sentence, at, 1, best(sentence, at, 1, language, suits, settings))
    if (textOf(sentence) === before) break
  }
  return textOf(sentence)
}

const textOf = (slots: readonly Slot[]): string => slots.map(({ word }) => word).join(' ')

/** Puts a word at a place, instead of so many that stand there. */
const withWord = (slots: readonly Slot[], at: number, instead: 0 | 1, word: string): readonly Slot[] => [
  ...slots.slice(0, at),
  { word, isKept: false },
  ...slots.slice(at + instead),
]

/** A pass from left to right over the gaps; what goes in is not itself followed by an insertion. */
function inserted(
  slots: readonly Slot[],
  language: Infill,
  suits: (sentence: string) => number,
  settings: ComposeOptions,
): readonly Slot[] {
  let sentence = slots
  for (let gap = 0; gap <= sentence.length && sentence.length < settings.length; gap++) {
    const [left, right] = around(sentence, gap, 0)
    if (language.hasSeen(left, right)) continue
    sentence = withWord(sentence, gap, 0, best(sentence, gap, 0, language, suits, settings))
    gap++
  }
  return sentence
}

const around = (slots: readonly Slot[], at: number, instead: 0 | 1): [string, string] => [
  slots[at - 1]?.word ?? EDGE,
  slots[at + instead]?.word ?? EDGE,
]

function best(
  slots: readonly Slot[],
  at: number,
  instead: 0 | 1,
  language: Infill,
  suits: (sentence: string) => number,
  { alpha, beta, candidates, repetition }: ComposeOptions,
): string {
  const [left, right] = around(slots, at, instead)
  const likely = [...language.between(left, right)].sort(([, a], [, b]) => b - a).slice(0, candidates)
  const others = new Set(slots.filter((_, place) => instead === 0 || place !== at).map(({ word }) => word))
  const scored = likely.map(([word, share]) => {
    const guided = beta === 0 ? 0 : beta * suits(textOf(withWord(slots, at, instead, word)))
    return { word, score: (alpha * share) / (others.has(word) ? repetition : 1) + guided }
  })
  return scored.reduce((first, next) => (next.score > first.score ? next : first)).word
}
