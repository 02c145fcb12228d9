import { PHRASES, type PhraseKey } from './en-phrases.ts'
import { articleOf, KINDS, MEMBERS, pluralOf, VOICES } from './english-words.ts'
import { DIRECTIONS, type Named, type NounPhrase, PLACES, type Tongue } from './tongue.ts'

const itself = <T extends string>(words: readonly T[]) =>
  Object.fromEntries(words.map((word) => [word, word])) as Record<T, T>

const ROWS = ['top', '', 'bottom']
const COLUMNS = ['left', '', 'right']

function phrase({ name, group, color }: Named, many = false): NounPhrase {
  const [one, more] = group ? MEMBERS[group] : [name ?? 'thing', pluralOf(name ?? 'thing')]
  return { text: [color, many ? more : one].filter(Boolean).join(' '), gender: 'm', many }
}

export const english: Tongue<PhraseKey> = {
  id: 'en',
  yes: 'yes',
  no: 'no',
  nothing: 'nothing',
  phrase,
  the: ({ text }) => `the ${text}`,
  a: ({ text }) => `${articleOf(text)} ${text}`,
  howMany: () => 'how many',
  counted: (count, named) => (count === 1 ? english.a(phrase(named)) : `${count} ${phrase(named, true).text}`),
  and: (parts) => (parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`),
  color: (color) => color,
  kinds: KINDS,
  places: itself(PLACES),
  directions: itself(DIRECTIONS),
  sides: { left: 'to the left', right: 'to the right', up: 'up', down: 'down' },
  voices: VOICES,
  ordinals: ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'],
  part(row, column) {
    const words = [ROWS[row], COLUMNS[column]].filter(Boolean).join(' ')
    return words ? `at the ${words}` : 'in the middle'
  },
  span: (from, to) => `${from} to ${to}`,
  say: PHRASES,
  finish: (text) => text,
}
