import { type Gender, thingNamed } from '../things/table.ts'
import type { Shape } from '../vocabulary.ts'
import type { PhraseKey } from './en-phrases.ts'
import { PHRASES } from './es-phrases.ts'
import { COLORS, KINDS, MEMBERS, pluralOf, SHAPE_NAMES, VOICES } from './spanish-words.ts'
import type { Named, NounPhrase, Tongue } from './tongue.ts'

function nounOf({ name, group }: Named): readonly [string, Gender] {
  if (group) return MEMBERS[group]
  if (name === undefined) return ['cosa', 'f']
  if (name in SHAPE_NAMES) return SHAPE_NAMES[name as Shape]
  const { spanish, gender } = thingNamed(name)
  return [spanish, gender]
}

/** Form of an adjective: masculine, feminine, and their plurals. */
const formOf = (gender: Gender, many: boolean): number => (gender === 'm' ? 0 : 1) + (many ? 2 : 0)

function phrase(named: Named, many = false): NounPhrase {
  const [noun, gender] = nounOf(named)
  const color = named.color && COLORS[named.color][formOf(gender, many)]
  return { text: [many ? pluralOf(noun) : noun, color].filter(Boolean).join(' '), gender, many }
}

const ROWS = ['arriba', 'en el centro', 'abajo']
const COLUMNS = ['a la izquierda', '', 'a la derecha']

export const spanish: Tongue<PhraseKey> = {
  id: 'es',
  yes: 'sí',
  no: 'no',
  nothing: 'nada',
  phrase,
  the: ({ text, gender, many }) => `${many ? (gender === 'm' ? 'los' : 'las') : gender === 'f' ? 'la' : 'el'} ${text}`,
  a: ({ text, gender }) => `${gender === 'f' ? 'una' : 'un'} ${text}`,
  howMany: ({ gender }) => (gender === 'm' ? 'cuántos' : 'cuántas'),
  counted: (count, named) => (count === 1 ? spanish.a(phrase(named)) : `${count} ${phrase(named, true).text}`),
  and(parts) {
    const last = parts.at(-1) ?? ''
    const link = /^h?i/.test(last) ? 'e' : 'y'
    return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} ${link} ${last}`
  },
  color: (color, of) => COLORS[color][of ? formOf(of.gender, of.many) : 0],
  kinds: KINDS,
  places: {
    'left of': 'a la izquierda de',
    'right of': 'a la derecha de',
    above: 'encima de',
    below: 'debajo de',
  },
  directions: {
    up: 'hacia arriba',
    'up right': 'hacia arriba a la derecha',
    right: 'hacia la derecha',
    'down right': 'hacia abajo a la derecha',
    down: 'hacia abajo',
    'down left': 'hacia abajo a la izquierda',
    left: 'hacia la izquierda',
    'up left': 'hacia arriba a la izquierda',
  },
  sides: { left: 'a la izquierda', right: 'a la derecha', up: 'arriba', down: 'abajo' },
  voices: VOICES,
  ordinals: ['primera', 'segunda', 'tercera', 'cuarta', 'quinta', 'sexta'],
  part: (row, column) => {
    if (row === 1) return COLUMNS[column] || ROWS[1]
    return [ROWS[row], COLUMNS[column]].filter(Boolean).join(' ')
  },
  span: (from, to) => `${from} a ${to}`,
  say: PHRASES,
  finish: (text) => text.replace(/\bde el\b/g, 'del').replace(/(^|\s)a el\b/g, '$1al'),
}
