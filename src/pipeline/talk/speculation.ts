import { FoveaError, kindOf } from '../../errors.ts'
import type { Architecture } from '../../models/family.ts'
import type { Method } from '../method/method.ts'
import type { AskOptions } from './ask-options.ts'
import { Guesses, SPECULATIONS } from './lookup.ts'
import type { Voices } from './voices.ts'

/**
 * Throws FoveaError kind `usage`: `speculation_unknown`; `speculation_unfit` where several tokens cannot be read at once and
 * taken back.
 */
export function assertSpeculates({ speculate }: AskOptions, method: Method, { name, language }: Architecture): void {
  if (speculate === undefined) return
  if (!SPECULATIONS.includes(speculate)) {
    const given = typeof speculate === 'string' ? `"${speculate}"` : kindOf(speculate)
    throw new FoveaError('speculation_unknown', 'usage', `speculate: there is ${SPECULATIONS.join(', ')}, not ${given}`)
  }
  const own = language.answerStart === undefined ? language.oneByOne : 'it is an encoder-decoder'
  const problem = unfit(method) ?? (own && `${name} reads one token at a time, for ${own}`)
  if (problem) throw new FoveaError('speculation_unfit', 'usage', `speculate: ${problem}; ask without guesses`)
}

/** A step acts after each token, before the next is known; of a store a run looks at rows that were chosen before. */
function unfit(method: Method): string | undefined {
  const parts = method.parts ?? [method]
  const stepping = parts.find(({ talk }) => talk?.step)
  if (stepping) return `${stepping.name} acts after every token that was read`
  const storing = parts.find(({ needs }) => needs?.store)
  return storing && `${storing.name} chooses what each run looks at`
}

/** Reads a token of an answer, and where it is asked for guesses behind it. */
export function reader(voices: Voices, { speculate }: AskOptions, imageToken: number) {
  if (!speculate) return (id: number, _: number) => voices.feedAnswer(id)
  const guesses = new Guesses((id) => id >= 0 && id !== imageToken)
  /** @param left tokens that may be said after it */
  return (id: number, left: number): Promise<void> => {
    guesses.heard(id)
    return voices.feedAnswer(id, () => guesses.next([...voices.history, id], Math.min(left, voices.room) - 1))
  }
}
