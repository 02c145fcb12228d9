import { FoveaError } from '../../errors.ts'
import type { Rng } from '../rng.ts'
import type { Voice } from '../sound/voices.ts'
import type { Gender, Group } from '../things/table.ts'
import type { Color } from '../vocabulary.ts'

export const LANGUAGES = ['en', 'es'] as const
export type Language = (typeof LANGUAGES)[number]

/** What a noun phrase names: a thing or shape by its English name, a kind of thing, or anything at all. */
export interface Named {
  readonly name?: string
  readonly group?: Group
  readonly color?: Color
}

/** A noun phrase without an article, such as "red apples". */
export interface NounPhrase {
  readonly text: string
  readonly gender: Gender
  readonly many: boolean
}

export const PLACES = ['left of', 'right of', 'above', 'below'] as const
export type Place = (typeof PLACES)[number]

export type Side = 'left' | 'right' | 'up' | 'down'

/** Directions of motion and parts of a picture, clockwise from the top. */
export const DIRECTIONS = ['up', 'up right', 'right', 'down right', 'down', 'down left', 'left', 'up left'] as const
export type Direction = (typeof DIRECTIONS)[number]

/** Everything that the questions of the World need to be asked in a language. */
export interface Tongue<Key extends string = string> {
  readonly id: Language
  readonly yes: string
  readonly no: string
  readonly nothing: string
  phrase(named: Named, many?: boolean): NounPhrase
  the(phrase: NounPhrase): string
  a(phrase: NounPhrase): string
  /** How one asks for a number of them. */
  howMany(phrase: NounPhrase): string
  counted(count: number, named: Named): string
  and(parts: readonly string[]): string
  color(color: Color, phrase?: NounPhrase): string
  /** The one word that answers "what kind of thing is it?". */
  readonly kinds: Readonly<Record<Group, string>>
  readonly places: Readonly<Record<Place, string>>
  readonly directions: Readonly<Record<Direction, string>>
  readonly sides: Readonly<Record<Side, string>>
  readonly voices: Readonly<Record<Voice, string>>
  readonly ordinals: readonly string[]
  /** Rows and columns of the nine parts of a picture, as "at the top left". */
  part(row: number, column: number): string
  /** "from 2 to 5", "1.5". */
  span(from: number, to: number): string
  readonly say: Readonly<Record<Key, readonly string[]>>
  /** What a filled phrasing becomes: contractions and the like. */
  finish(text: string): string
}

/** A phrasing of a key with its `{slots}` filled. */
export function say<Key extends string>(
  tongue: Tongue<Key>,
  rng: Rng,
  key: Key,
  slots: Readonly<Record<string, string>> = {},
): string {
  const filled = rng.pick(tongue.say[key]).replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = slots[name]
    if (value === undefined) throw new RangeError(`Phrasing slot {${name}} of ${tongue.id} ${key} has no value`)
    return value
  })
  return tongue.finish(filled)
}

/** Throws FoveaError kind `usage` `world-language` for a language that the World does not speak. */
export function assertLanguage(language: string): asserts language is Language {
  if ((LANGUAGES as readonly string[]).includes(language)) return
  throw new FoveaError(
    'world-language',
    'usage',
    `The World does not speak "${language}": use one of ${LANGUAGES.join(', ')}`,
  )
}
