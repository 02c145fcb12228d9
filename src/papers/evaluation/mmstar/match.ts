/** Which option an answer in words stands for. */

export const LETTERS = ['a', 'b', 'c', 'd'] as const

const plain = (text: string): string => text.replaceAll('\n', ' ').toLowerCase().trim()

/** Before the letter in answers that the official matcher knows. */
const BEGINNINGS = ['', '(', 'option ', 'the answer is ']

/**
 * Whether an answer is right by the rule of the published evaluation: the letter of the right option stands first, or after
 * one of a few beginnings. So every answer that begins with the word "a" says A.
 */
export function matchesOfficially(answer: string, letter: string): boolean {
  const text = plain(answer)
  return BEGINNINGS.some((start) => text.startsWith(start) && text[start.length] === plain(letter))
}

const STRICT = /^(?:option |the answer is |answer: )?\(?([a-d])\)?(?:[.,:;)]|$)/

/** The same where the letter must stand by itself: `B`, `(b) red`, `The answer is B.`, but not `a photo of a cat`. */
export const matchesStrictly = (answer: string, letter: string): boolean =>
  STRICT.exec(plain(answer))?.[1] === plain(letter)

/** Whether the strict rule finds any letter. */
export const saysLetter = (answer: string): boolean => STRICT.test(plain(answer))

/** A question with its options, as models that answer by letters are asked. */
export const letterPrompt = (question: string, options: readonly string[]): string => {
  const listed = options.map((option, at) => `${LETTERS[at].toUpperCase()}: ${option}`).join(', ')
  return `${question}\nOptions: ${listed}\nAnswer with the letter of the right option.`
}
