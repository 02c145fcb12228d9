/** What may be said next, for answers that must keep to a form. */

/** Whether a token may come next; undefined: any may. `end`: the answer is whole. */
export type Allowed = ((id: number) => boolean) | 'end' | undefined

/** A part of an answer: one of several runs of tokens. */
export type Choice = readonly (readonly number[])[]

export interface Grammar {
  /** @param said the tokens of the answer so far */
  allowed(said: readonly number[]): Allowed
  /** Tokens of the longest answer, without what is free. */
  readonly longest: number
}

export interface GrammarOptions {
  /** Behind the parts anything may follow, but at least one token that is none of these. */
  readonly openUntil?: readonly number[]
}

/** Answers that are one choice of each part, in order. */
export function grammarOf(parts: readonly Choice[], { openUntil }: GrammarOptions = {}): Grammar {
  const longest = parts.reduce((total, choice) => total + Math.max(0, ...choice.map(({ length }) => length)), 0)
  return {
    longest,
    allowed: (said) => {
      const { next, isWhole, isBeyond } = follow(parts, said)
      if (isBeyond) return openUntil ? undefined : 'end'
      if (isWhole && openUntil) return (id) => !openUntil.includes(id)
      if (isWhole && next.size === 0) return 'end'
      return (id) => next.has(id)
    },
  }
}

interface Followed {
  readonly next: Set<number>
  /** All parts have been said, and nothing else; or something else, too. */
  readonly isWhole: boolean
  readonly isBeyond: boolean
}

function follow(parts: readonly Choice[], said: readonly number[]): Followed {
  const next = new Set<number>()
  let [isWhole, isBeyond] = [false, false]
  const from = (part: number, at: number): void => {
    if (part === parts.length) {
      if (at === said.length) isWhole = true
      else isBeyond = true
      return
    }
    for (const option of parts[part]) {
      const common = Math.min(option.length, said.length - at)
      if (option.slice(0, common).some((id, i) => id !== said[at + i])) continue
      if (common < option.length) next.add(option[common])
      else from(part + 1, at + option.length)
    }
  }
  from(0, 0)
  return { next, isWhole, isBeyond }
}
