/**
 * Text models that never see: counts over the words of questions. They stand in for the large language models of the paper,
 * which know sums and squares from what they read; these know them from questions of the training split.
 */
import type { Choice } from '../../../world/questions/choice.ts'

export type Written = Pick<Choice, 'question' | 'options' | 'right'>

/** The option that a reader chooses, by its place. */
export type Reader = (item: Omit<Written, 'right'>) => number

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[a-z]+|\d+/g) ?? []

/** Each word, and each pair of words wherever they stand. */
const pairsOf = (text: string): string[] => {
  const words = wordsOf(text)
  return [...words, ...words.flatMap((a, at) => words.slice(at + 1).map((b) => `${a} ${b}`))]
}

const answerOf = ({ options, right }: Written): string => options[right]

const largest = (scores: readonly number[]): number => scores.indexOf(Math.max(...scores))

/** The answer that was right most often, whatever is asked. */
export function priorReader(read: readonly Written[]): Reader {
  const counts = countBy(read.map(answerOf))
  return ({ options }) => largest(options.map((option) => counts.get(option) ?? 0))
}

/** Naive Bayes over what stands in the question: log P(answer) + sum of log P(feature | answer), add-one smoothed. */
function bayesReader(read: readonly Written[], featuresOf: (text: string) => readonly string[]): Reader {
  const answers = countBy(read.map(answerOf))
  const together = countBy(read.flatMap((item) => featuresOf(item.question).map((f) => `${answerOf(item)}\n${f}`)))
  return ({ question, options }) => {
    const features = [...new Set(featuresOf(question))]
    const score = (option: string): number => {
      const total = answers.get(option) ?? 0
      const likelihood = (f: string) => Math.log(((together.get(`${option}\n${f}`) ?? 0) + 0.5) / (total + 1))
      return Math.log(total + 0.5) + features.reduce((sum, f) => sum + likelihood(f), 0)
    }
    return largest(options.map(score))
  }
}

export const wordReader = (read: readonly Written[]): Reader => bayesReader(read, wordsOf)

export const pairReader = (read: readonly Written[]): Reader => bayesReader(read, pairsOf)

/** The answer of the question that shares most words with this one, among those whose answer is an option. */
export function nearestReader(read: readonly Written[]): Reader {
  const known = read.map((item) => ({ words: new Set(wordsOf(item.question)), answer: answerOf(item) }))
  return ({ question, options }) => {
    const words = wordsOf(question)
    const likeness = (other: ReadonlySet<string>) => {
      const shared = words.filter((word) => other.has(word)).length
      return shared / (words.length + other.size - shared)
    }
    const best = (option: string) =>
      known.reduce((most, { words: other, answer }) => (answer === option ? Math.max(most, likeness(other)) : most), 0)
    return largest(options.map(best))
  }
}

/** The option that the question itself names; otherwise the answer that was right most often. */
export function copyReader(read: readonly Written[]): Reader {
  const prior = priorReader(read)
  return (item) => {
    const words = wordsOf(item.question)
    const named = item.options.findIndex((option) => words.includes(option))
    return named >= 0 ? named : prior(item)
  }
}

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}
