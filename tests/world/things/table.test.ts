import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { articleOf } from '../../../src/world/language/english-words.ts'
import { tongueOf } from '../../../src/world/language/index.ts'
import { GROUPS, THINGS, thingsOf } from '../../../src/world/things/table.ts'

const require = createRequire(import.meta.url)

/** Everything that emojibase-data calls a thing in a language, by the icon that noto draws for it. */
function labels(language: string): Map<string, string> {
  const chars = Object.entries(require('@iconify-json/noto/chars.json') as Record<string, string>)
  const rows = require(`emojibase-data/${language}/data.json`) as { hexcode: string; label: string; tags?: string[] }[]
  const plain = (code: string) => code.toLowerCase().replace(/-fe0f/g, '')
  const words = new Map(rows.map(({ hexcode, label, tags = [] }) => [plain(hexcode), [label, ...tags].join(' ')]))
  return new Map(chars.map(([code, icon]) => [icon, (words.get(plain(code)) ?? '').toLowerCase()]))
}

describe('the names of things', () => {
  test('there are enough, in every group, and each is used once in each language', () => {
    expect(THINGS.length).toBeGreaterThan(300)
    expect(thingsOf('fxemoji').length).toBeGreaterThan(170)
    for (const group of GROUPS) expect(THINGS.filter((thing) => thing.group === group).length).toBeGreaterThan(10)
    expect(new Set(THINGS.map(({ name }) => name)).size).toBe(THINGS.length)
    expect(new Set(THINGS.map(({ spanish }) => spanish)).size).toBe(THINGS.length)
  })

  const own = {
    en: ['caterpillar', 'chili', 'yoyo', 'racket', 'dartboard', 'gamepad'],
    es: ['oruga', 'rosquilla', 'brote', 'abeto', 'raqueta', 'rayo'],
  }
  test.each(['en', 'es'] as const)('are those of emojibase-data in %s, but for a few', (language) => {
    const known = labels(language)
    const unknown = THINGS.map(({ name, spanish, icons }) => ({
      said: language === 'en' ? name : spanish,
      label: known.get(icons.noto!)!,
    })).filter(({ said, label }) => !said.split(' ').some((word) => word.length > 2 && label.includes(word)))
    expect(unknown.map(({ said }) => said)).toEqual(own[language])
  })

  test('decline', () => {
    const [en, es] = [tongueOf('en'), tongueOf('es')]
    const many = (name: string) => [en, es].map((tongue) => tongue.phrase({ name }, true).text)
    expect(many('mouse')).toEqual(['mice', 'ratones'])
    expect(many('strawberry')).toEqual(['strawberries', 'fresas'])
    expect(many('police car')).toEqual(['police cars', 'coches de policía'])
    expect(many('peacock')).toEqual(['peacocks', 'pavos reales'])
    expect(es.the(es.phrase({ name: 'axe', color: 'red' }))).toBe('el hacha roja')
    expect(es.the(es.phrase({ name: 'axe', color: 'red' }, true))).toBe('las hachas rojas')
    expect(es.finish('a la izquierda de el gato')).toBe('a la izquierda del gato')
    expect(es.and(['un gato', 'iglesias'])).toBe('un gato e iglesias')
    expect([articleOf('unicorn'), articleOf('orange owl'), articleOf('hat')]).toEqual(['a', 'an', 'a'])
    expect(() => tongueOf('fr')).toThrow('The World does not speak "fr": use one of en, es')
  })
})
