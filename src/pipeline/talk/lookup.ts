/**
 * Guessing how an answer goes on by looking it up in what was read and said. An answer that repeats its prompt or itself
 * (text that is read, boxes, JSON) is then read several tokens at a time. Prompt lookup: Saxena 2023,
 * github.com/apoorvumang/prompt-lookup-decoding; the same with a reference text: Yang et al. 2023, arXiv 2304.04487.
 */

/** Where guesses come from. */
export const SPECULATIONS = ['prompt-lookup'] as const

export type Speculation = (typeof SPECULATIONS)[number]

/**
 * Tokens that must agree before what followed them is a guess: the longest run that was there before counts. One alone says
 * too little in short answers (`npm run bench -- speculation`).
 */
const [SHORTEST, LONGEST] = [2, 3]

/** Most tokens of one guess, and how many the first has. */
const [MOST, FIRST] = [10, 3]

/** What reading a guessed token costs, as a share of a pass for one token. */
const PRICE = 0.2

/** Passes that guesses may lose before they are no longer read, and what they can save up or owe at most. */
const [LOAN, PURSE] = [1, 3]

/**
 * What followed the last tokens where they were before, the latest such place first; at most `most` tokens, and none that is
 * no text. What was guessed counts as said, so that a run that repeats goes on.
 */
export function lookUp(said: readonly number[], most: number, isText: (id: number) => boolean): number[] {
  for (let length = Math.min(LONGEST, said.length - 1); length >= SHORTEST; length--) {
    const at = lastPlaceOf(said, length)
    if (at < 0) continue
    const all = [...said]
    for (let from = at + length; all.length < said.length + most && isText(all[from]); from++) all.push(all[from])
    return all.slice(said.length)
  }
  return []
}

/** Where the last `length` tokens stand before; -1 where they do not. */
function lastPlaceOf(said: readonly number[], length: number): number {
  const end = said.length - length
  const isSame = (at: number) => {
    for (let i = 0; i < length; i++) if (said[at + i] !== said[end + i]) return false
    return true
  }
  for (let at = end - 1; at >= 0; at--) if (isSame(at)) return at
  return -1
}

/**
 * The guesses of one answer. They are kept up with whether they are read or not: a guess that came true would have saved a
 * pass, each guessed token costs `PRICE` of one. They are read while that pays.
 */
export class Guesses {
  private guess: readonly number[] = []
  private length = FIRST
  private balance = LOAN

  constructor(private readonly isText: (id: number) => boolean) {}

  /** Compares a token of the answer with the guess. */
  heard(id: number): void {
    if (this.guess.length === 0) return
    const isRight = this.guess[0] === id
    this.guess = isRight ? this.guess.slice(1) : []
    if (isRight) this.balance = Math.min(PURSE, this.balance + 1)
    if (!isRight) this.length = Math.max(1, this.length - 1)
    else if (this.guess.length === 0) this.length = Math.min(MOST, this.length + 2)
  }

  /** What to read behind the last of these tokens, at most so many; nothing where guesses do not pay. */
  next(said: readonly number[], most: number): readonly number[] {
    if (this.guess.length > 0) return []
    const isRead = this.balance > 0
    const guess = lookUp(said, Math.min(this.length, isRead ? most : MOST), this.isText)
    this.guess = guess
    this.balance = Math.max(-PURSE, this.balance - PRICE * guess.length)
    return isRead ? guess : []
  }
}
