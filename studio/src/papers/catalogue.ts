/** Searching, filtering and sorting the catalogue. */
import type { PaperCard } from '../api/types.ts'

export interface Wanted {
  readonly text: string
  readonly kind: string
  readonly state: string
  readonly sort: string
}

export const SORTS: Readonly<Record<string, string>> = {
  new: 'Newest first',
  old: 'Oldest first',
  name: 'By name',
  state: 'By state',
}

/** How far, the farthest first; `described` last. */
export const STATES = ['green', 'headline', 'effect', 'checks', 'runnable', 'refuted', 'described'] as const

export const STATE_WORDS: Readonly<Record<string, string>> = {
  green: 'all that it owes holds here',
  headline: 'what it saves holds at its own sizes',
  effect: 'what it claims holds here',
  checks: 'its exact invariants hold',
  runnable: 'runs, nothing measured holds yet',
  refuted: 'a claim does not hold here',
  described: 'described, not built yet',
}

const ORDERS: Readonly<Record<string, (a: PaperCard, b: PaperCard) => number>> = {
  new: (a, b) => b.date.localeCompare(a.date) || a.name.localeCompare(b.name),
  old: (a, b) => a.date.localeCompare(b.date) || a.name.localeCompare(b.name),
  name: (a, b) => a.name.localeCompare(b.name),
  state: (a, b) => rank(a) - rank(b) || b.date.localeCompare(a.date),
}
const rank = ({ state }: PaperCard): number => STATES.indexOf(state)

export function found(cards: readonly PaperCard[], { text, kind, state, sort }: Wanted): PaperCard[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return cards
    .filter((card) => (kind === '' || card.kind.some((own) => own === kind)) && (state === '' || card.state === state))
    .filter((card) => words.every((word) => haystack(card).includes(word)))
    .sort((a, b) => Number(isBaseline(a)) - Number(isBaseline(b)) || (ORDERS[sort] ?? ORDERS.new)(a, b))
}

/** They are no papers, but what papers are compared with: always last. */
export const isBaseline = ({ role }: PaperCard): boolean => role === 'baseline'

/** What the margin says of a row: its month, or that baselines begin. */
export const marginOf = (card: PaperCard): string => (isBaseline(card) ? 'To compare with' : monthOf(card.date))

const haystack = ({ id, name, title, arxiv, summary }: PaperCard): string =>
  [id, name, title, arxiv, summary].join('\n').toLowerCase()

/** How many there are of each, the most first. */
export function countsOf(values: readonly string[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])
}

/** `March 2024` */
export function monthOf(date: string): string {
  const [year, month] = date.split('-').map(Number)
  return new Date(Date.UTC(year, month - 1)).toLocaleDateString('en', {
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  })
}

/** The first sentences of a text. */
export const sentences = (text: string, count: number): string =>
  text
    .split(/(?<=[.!?]) (?=[A-Z])/)
    .slice(0, count)
    .join(' ')
