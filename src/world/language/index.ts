import { english } from './en.ts'
import type { PhraseKey } from './en-phrases.ts'
import { spanish } from './es.ts'
import { assertLanguage, type Tongue } from './tongue.ts'

export type { PhraseKey } from './en-phrases.ts'
export { DIRECTIONS, type Direction, LANGUAGES, type Language, type Named, PLACES, type Place, say } from './tongue.ts'
export type WorldTongue = Tongue<PhraseKey>

/** The phrasings and words of a language. Throws FoveaError kind `usage` `world-language` for one that is not spoken. */
export function tongueOf(language: string): WorldTongue {
  assertLanguage(language)
  return language === 'en' ? english : spanish
}
