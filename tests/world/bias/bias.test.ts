import { describe, expect, test } from 'vitest'
import { sampleChoice, splitOf } from '../../../src/world/bias/choices.ts'
import { PARTNERS, PRIORS } from '../../../src/world/bias/habits.ts'
import { makeBiasScene } from '../../../src/world/bias/make-bias-scene.ts'
import { chair, chairScores, NEGATIVES, pope, popeScores, thingsNamed } from '../../../src/world/bias/pope.ts'
import { Rng } from '../../../src/world/index.ts'
import { nodeArt } from '../../../src/world/node-art.ts'
import { isHeldOutMeeting } from '../../../src/world/things/held-out.ts'
import { nameOf } from '../../../src/world/things/item.ts'
import { thingNamed } from '../../../src/world/things/table.ts'

const art = nodeArt()
const scenes = (split: 'train' | 'test', n: number) =>
  Array.from({ length: n }, (_, index) => makeBiasScene({ split, seed: 5, index, art }))
const [train, tests] = [scenes('train', 80), scenes('test', 60)]
const namesOf = (scene: (typeof train)[number]) => new Set(scene.items!.map(nameOf))

describe('the bias set', () => {
  test('habits name things that training may show together', () => {
    for (const [a, b] of PARTNERS) expect(isHeldOutMeeting(a, b), `${a} ${b}`).toBe(false)
    for (const [name] of PRIORS) expect(thingNamed(name).name).toBe(name)
  })

  test('partners stand together in training and apart in tests', () => {
    const share = (all: typeof train) => {
      const with_ = all.filter((scene) => PARTNERS.some((pair) => pair.some((name) => namesOf(scene).has(name))))
      return (
        with_.filter((scene) => PARTNERS.some((pair) => pair.every((name) => namesOf(scene).has(name)))).length /
        with_.length
      )
    }
    expect(share(train)).toBeGreaterThan(0.8)
    expect(share(tests)).toBe(0)
  })

  test('usual colours are kept in training and exchanged in tests', () => {
    const tints = (all: typeof train) =>
      all
        .flatMap((scene) => scene.items!)
        .flatMap((item) => {
          const prior = PRIORS.find(([name]) => name === nameOf(item))
          return prior && item.kind === 'thing' ? [[prior[1], item.tint] as const] : []
        })
    expect(tints(train).length).toBeGreaterThan(10)
    expect(tints(train).every(([, tint]) => tint === undefined)).toBe(true)
    expect(tints(tests).every(([usual, tint]) => tint !== undefined && tint !== usual)).toBe(true)
  })

  test.each(NEGATIVES)('%s polling is balanced and true', (kind) => {
    for (const scene of tests.slice(0, 25)) {
      const asked = pope(scene, kind, Rng.from(1, kind))
      expect(asked.filter(({ answer }) => answer === 'yes').length * 2).toBe(asked.length)
      for (const { question, answer } of asked) {
        const [name] = thingsNamed(question)
        expect(namesOf(scene).has(name), question).toBe(answer === 'yes')
      }
    }
  })

  test('adversarial polling asks for the partner that is missing', () => {
    const asked = tests.flatMap((scene) => pope(scene, 'adversarial', Rng.from(2, 'partners')))
    const no = asked.filter(({ answer }) => answer === 'no').map(({ question }) => thingsNamed(question)[0])
    expect(no.filter((name) => PARTNERS.flat().includes(name)).length / no.length).toBeGreaterThan(0.3)
  })

  test('scores of polling and captions, by hand', () => {
    const answers = [
      [true, true],
      [true, false],
      [false, true],
      [false, false],
    ].map(([said, right]) => ({ said, right }))
    expect(popeScores(answers)).toEqual({ accuracy: 0.5, precision: 0.5, recall: 0.5, f1: 0.5, yes: 0.5 })
    expect(thingsNamed('A soccer ball, two hot dogs and a dog.')).toEqual(['soccer ball', 'hot dog', 'dog'])
    expect(thingsNamed('dos perros calientes no, dos coches de policía', 'es')).toEqual(['police car', 'dog'])
    const scene = {
      ...tests[0],
      items: tests[0].items!.slice(0, 1).map((item) => ({ ...item, kind: 'thing' as const, name: 'dog' })),
    }
    const found = chair('a dog and a cat', scene as (typeof tests)[number])
    expect(found).toEqual({ named: ['dog', 'cat'], hallucinated: ['cat'], covered: 1 })
    expect(chairScores([found, chair('a dog', scene as (typeof tests)[number])])).toEqual({
      instances: 1 / 3,
      sentences: 0.5,
    })
  })
})

describe('choices', () => {
  const choices = (split: 'train' | 'test', n: number, more = {}) =>
    Array.from({ length: n }, (_, index) => sampleChoice({ split, seed: 3, index, art, ...more }))

  test('are of all labels, four options each, and no text is in two splits', () => {
    for (const split of ['train', 'test'] as const) {
      const all = choices(split, 60)
      expect(new Set(all.map(({ choice }) => choice.needs)).size).toBe(4)
      for (const { choice } of all) {
        expect(new Set(choice.options).size).toBe(4)
        expect(splitOf(choice.question, choice.options)).toBe(split)
      }
    }
  })

  test('the right option stands anywhere, but first in training where that is asked for', () => {
    const first = (all: ReturnType<typeof choices>) =>
      all.filter(({ choice }) => choice.right === 0).length / all.length
    expect(first(choices('test', 80))).toBeLessThan(0.45)
    expect(first(choices('train', 80, { firstBias: true }))).toBeGreaterThan(0.6)
    expect(first(choices('test', 80, { firstBias: true }))).toBeLessThan(0.45)
  })

  test('labels are true: facts follow from the name, options from their kind, questions tell', () => {
    for (const { choice } of choices('test', 12, { needs: 'fact' })) {
      const [name] = thingsNamed(choice.question)
      expect(choice.options[choice.right]).toBe(thingNamed(name).group)
    }
    for (const { choice } of choices('test', 12, { needs: 'question' })) {
      expect(choice.question).toContain(choice.options[choice.right])
    }
    for (const { choice } of choices('test', 12, { needs: 'options' })) {
      const isNumber = choice.options.map((option) => /^\d+$/.test(option))
      if (isNumber[choice.right]) expect(isNumber.filter(Boolean).length).toBe(1)
    }
  })
})
