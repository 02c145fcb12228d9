import { describe, expect, test } from 'vitest'
import { askAll, type QA, Rng, type Scene } from '../../../src/world/index.ts'
import { tongueOf } from '../../../src/world/language/index.ts'
import { nodeArt } from '../../../src/world/node-art.ts'
import { type Item, nameOf } from '../../../src/world/things/item.ts'
import { PICTURE_TASK_IDS } from '../../../src/world/things/pictures.ts'
import { thingDialogue } from '../../../src/world/things/questions/dialogue.ts'
import { THING_TASK_IDS } from '../../../src/world/things/questions/index.ts'
import { ALL_THING_TASK_IDS, sampleThings } from '../../../src/world/things/sample-things.ts'
import { THINGS, thingNamed } from '../../../src/world/things/table.ts'

const art = nodeArt()
const samples = (task: string, n: number, language = 'en') =>
  Array.from({ length: n }, (_, index) => sampleThings({ split: 'test', seed: 3, index, task, language, art }))

/** The item whose box is the question's, found by numbers alone. */
function itemOf(scene: Scene, box: QA['box']): Item {
  const near = (item: Item) => item.box.every((side, i) => Math.abs((side / scene.size) * 1000 - box![i]) < 1)
  return scene.items!.find(near)!
}
const nouns = (question: string, items: readonly Item[]) =>
  [...new Set(items.map(nameOf))].filter((name) => new RegExp(`\\b${name}\\b`).test(question))

describe('questions about things', () => {
  test.each(ALL_THING_TASK_IDS)('%s is asked in both languages, and repeats', (task) => {
    for (const language of ['en', 'es']) {
      const [first, second] = [samples(task, 3, language), samples(task, 3, language)]
      expect(first).toEqual(second)
      for (const { turns } of first) {
        for (const { question, answer } of turns) {
          expect(question).not.toMatch(/[{}]|undefined/)
          expect(answer.length).toBeGreaterThan(0)
        }
      }
    }
  })

  test('Spanish is not English', () => {
    const said = samples('thing-exist', 20, 'es').flatMap(({ turns }) => turns.map(({ question }) => question))
    expect(said.every((question) => /^[¿]/.test(question))).toBe(true)
    expect(said.some((question) => /\b(un|una)\b/.test(question))).toBe(true)
  })

  test('names and groups are those of the thing in the box', () => {
    for (const {
      scenes: [scene],
      turns: [qa],
    } of samples('thing-name', 40)) {
      expect(qa.answer).toBe(nameOf(itemOf(scene, qa.box)))
    }
    for (const {
      scenes: [scene],
      turns: [qa],
    } of samples('thing-group', 40)) {
      const group = thingNamed(nameOf(itemOf(scene, qa.box))).group
      expect(qa.answer).toBe(tongueOf('en').kinds[group])
      expect(THINGS.some(({ name }) => new RegExp(`\\b${name}\\b`).test(qa.question) && name.length > 3)).toBe(false)
    }
  })

  test('existence is true of the items and balanced', () => {
    const asked = samples('thing-exist', 120)
    const yes = asked.filter(({ turns: [qa] }) => qa.answer === 'yes').length
    expect(yes).toBeGreaterThan(40)
    expect(yes).toBeLessThan(80)
    for (const {
      scenes: [scene],
      turns: [qa],
    } of asked) {
      const named = THINGS.map(({ name }) => name).filter((name) =>
        new RegExp(`\\ban? (\\w+ )?${name}\\b`).test(qa.question),
      )
      const longest = named.sort((a, b) => b.length - a.length)[0]
      if (!longest) continue
      const isThere = scene.items!.some((item) => nameOf(item) === longest)
      if (qa.answer === 'yes') expect(isThere, qa.question).toBe(true)
      else if (isThere)
        expect(qa.question).toMatch(/red|green|blue|yellow|orange|purple|pink|brown|black|white|gray|cyan/)
    }
  })

  test('counts are counts', () => {
    for (const {
      scenes: [scene],
      turns: [qa],
    } of samples('thing-count', 60)) {
      const en = tongueOf('en')
      const names = THINGS.map(({ name }) => name).filter((name) =>
        qa.question.includes(` ${en.phrase({ name }, true).text}`),
      )
      const name = names.sort((a, b) => b.length - a.length)[0]
      if (name) expect(Number(qa.answer), qa.question).toBe(scene.items!.filter((item) => nameOf(item) === name).length)
    }
  })

  test('relations hold between the middles of the boxes', () => {
    for (const {
      turns: [qa],
    } of samples('thing-relation', 60)) {
      if (!qa.candidates!.includes('yes')) continue
      const middle = (box: QA['box'], axis: number) => (box![axis] + box![axis + 2]) / 2
      const axis = /left|right/.test(qa.question) ? 0 : 1
      const sign = /left of|above/.test(qa.question) ? 1 : -1
      expect(qa.answer).toBe(sign * (middle(qa.other, axis) - middle(qa.box, axis)) > 0 ? 'yes' : 'no')
    }
  })

  test('the odd one out is the only one of its group', () => {
    for (const {
      scenes: [scene],
      turns: [qa],
    } of samples('thing-odd', 20)) {
      const groups = scene.items!.map((item) => thingNamed(nameOf(item)).group)
      expect(groups.filter((group) => group === thingNamed(qa.answer).group).length).toBe(1)
    }
  })

  test('what is in front is drawn later and covers', () => {
    for (const {
      scenes: [scene],
      turns: [qa],
    } of samples('thing-front', 20)) {
      const [upper, lower] = [itemOf(scene, qa.box), itemOf(scene, qa.other)]
      expect(scene.items!.indexOf(upper)).toBeGreaterThan(scene.items!.indexOf(lower))
      expect(lower.visible).toBeLessThan(0.95)
      expect(qa.answer).toBe(nameOf(upper))
    }
  })

  test('a caption names all; one with a swap does not fit', () => {
    for (const {
      scenes: [scene],
      turns: [qa],
    } of samples('thing-caption', 30)) {
      for (const name of new Set(scene.items!.map(nameOf))) {
        const en = tongueOf('en')
        expect(
          [name, en.phrase({ name }, true).text].some((noun) => qa.answer.includes(noun)),
          qa.answer,
        ).toBe(true)
      }
    }
    const fits = samples('thing-fits', 80)
    const yes = fits.filter(({ turns: [qa] }) => qa.answer === 'yes').length
    expect(yes).toBeGreaterThan(25)
    expect(yes).toBeLessThan(55)
  })

  test.each(PICTURE_TASK_IDS)('%s is asked about drawings that training never shows, too', (task) => {
    for (let index = 0; index < 12; index++) {
      const { scenes } = sampleThings({ split: 'test', seed: 1, index, task, art, vendors: ['fxemoji'] })
      const things = scenes.flatMap(({ items = [] }) => items.filter((item) => item.kind === 'thing'))
      expect(things.every(({ vendor }) => vendor === 'fxemoji')).toBe(true)
    }
  })

  test('several pictures: yes and no are balanced, and which picture is right', () => {
    const same = samples('pictures-same', 60)
    for (const {
      scenes,
      turns: [qa],
    } of same) {
      const [a, b] = scenes.map(({ items = [] }) => [...new Set(items.map(nameOf))].sort().join())
      expect(qa.answer).toBe(a === b ? 'yes' : 'no')
    }
    expect(same.filter(({ turns: [qa] }) => qa.answer === 'yes').length).toBeGreaterThan(18)
    for (const {
      scenes,
      turns: [qa],
    } of samples('pictures-which', 30)) {
      const at = ['first', 'second', 'third', 'fourth'].indexOf(qa.answer)
      const shown = nouns(qa.question, scenes[at].items!)
      expect(shown.length).toBeGreaterThan(0)
      const longest = shown.sort((a, b) => b.length - a.length)[0]
      for (const [i, scene] of scenes.entries()) {
        if (i !== at) expect(scene.items!.some((item) => nameOf(item) === longest)).toBe(false)
      }
    }
  })

  test('dialogues go on about one thing', () => {
    let asked = 0
    for (const {
      scenes: [scene],
    } of samples('thing-dialogue', 10)) {
      const turns = thingDialogue(scene, Rng.from(1, 'dialogue'))
      if (!turns) continue
      asked++
      expect(turns.length).toBeGreaterThan(1)
      expect(turns[0].task).toBe('thing-exist')
    }
    expect(asked).toBe(10)
  })

  test('askAll asks scenes of things in the form that training packs', () => {
    const {
      scenes: [scene],
    } = samples('thing-relation', 1)[0]
    const found = askAll(scene, Rng.from(1, 'all'), 24)
    expect(found.length).toBeGreaterThan(8)
    expect(new Set(found.map(({ question }) => question)).size).toBe(found.length)
    for (const { task } of found) expect(THING_TASK_IDS).toContain(task)
    const spanish = askAll(scene, Rng.from(1, 'all'), 24, { 'thing-count': 3 }, 'es')
    expect(spanish.every(({ language }) => language === 'es')).toBe(true)
  })

  test('refuses what it does not know', () => {
    const key = { split: 'test', seed: 1, index: 0, art } as const
    expect(() => sampleThings({ ...key, task: 'thing-nmae' })).toThrow(/Unknown World task "thing-nmae"/)
    expect(() => sampleThings({ ...key, language: 'fr' })).toThrow(/does not speak "fr"/)
    expect(() => sampleThings({ ...key, seed: 0.5 })).toThrow(/must be integers/)
  })
})
