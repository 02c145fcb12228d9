import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  askAll,
  isHeldOutPair,
  makeScene,
  Rng,
  type Scene,
  type SceneObject,
  sample,
  TASK_IDS,
} from '../../src/world/index.ts'
import { nounPhrases, objectsNamed } from './nouns.ts'

const key = fc.record({ seed: fc.nat(1e6), index: fc.nat(1e6), split: fc.constantFrom('train', 'test') } as const)

/** Runs a check on random samples of a task. */
function forAll(task: string, check: (scene: Scene, question: string, answer: string) => void, numRuns = 200): void {
  const run = (k: { seed: number; index: number; split: 'train' | 'test' }) => {
    const { scene, qa } = sample({ ...k, task })
    expect(qa.task).toBe(task)
    if (qa.candidates) expect(qa.candidates).toContain(qa.answer)
    check(scene, qa.question, qa.answer)
  }
  fc.assert(fc.property(key, run), { numRuns, seed: 1 })
}

/** The one object that a phrase means. */
function onlyObject(scene: Scene, phrase: string): SceneObject {
  const found = objectsNamed(scene, phrase)
  expect(found, phrase).toHaveLength(1)
  return found[0]
}

describe('answers follow from the scene', () => {
  test('exist', () => {
    forAll('exist', (scene, question, answer) => {
      const [phrase] = nounPhrases(question)
      expect(answer).toBe(objectsNamed(scene, phrase).length > 0 ? 'yes' : 'no')
    })
  })

  test('count', () => {
    forAll('count', (scene, question, answer) => {
      const [phrase] = nounPhrases(question)
      expect(answer).toBe(String(objectsNamed(scene, phrase).length))
    })
  })

  test('compare', () => {
    forAll('compare', (scene, question, answer) => {
      const [a, b] = nounPhrases(question)
      const difference = objectsNamed(scene, a).length - objectsNamed(scene, b).length
      if (/as many|the same|equally/.test(question)) expect(answer).toBe(difference === 0 ? 'yes' : 'no')
      else if (/fewer|smaller/.test(question)) expect(answer).toBe(difference < 0 ? 'yes' : 'no')
      else if (/^(which|what)|numerous/.test(question)) expect(answer).toBe(difference > 0 ? a : b)
      else expect(answer).toBe(difference > 0 ? 'yes' : 'no')
    })
  })

  test('relation, with a clear margin', () => {
    forAll('relation', (scene, question, answer) => {
      const [a, b] = nounPhrases(question).map((phrase) => onlyObject(scene, phrase))
      const relation = /left|right|above|below/.exec(question)![0]
      const signed = { left: b.x - a.x, right: a.x - b.x, above: b.y - a.y, below: a.y - b.y }[relation]!
      expect(Math.abs(signed)).toBeGreaterThan(0.09 * scene.size)
      expect(answer).toBe(signed > 0 ? 'yes' : 'no')
    })
  })

  test.each(['color', 'shape', 'size'] as const)('%s, which the reference does not name', (attribute) => {
    forAll(attribute, (scene, question, answer) => {
      const [phrase] = nounPhrases(question)
      expect(answer).toBe(onlyObject(scene, phrase)[attribute])
      expect(phrase.split(' ')).not.toContain(answer)
    })
  })

  test('box holds the object and is near its radius', () => {
    forAll('box', (scene, question, answer) => {
      const object = onlyObject(scene, nounPhrases(question)[0])
      const [left, top, right, bottom] = answer.split(',').map((value) => (Number(value) / 1000) * scene.size)
      expect(left).toBeLessThan(object.x - 0.5 * object.radius)
      expect(right).toBeGreaterThan(object.x + 0.5 * object.radius)
      expect(Math.abs((left + right) / 2 - object.x)).toBeLessThan(0.2 * object.radius)
      expect(Math.max(right - left, bottom - top)).toBeLessThan(2.4 * object.radius)
      expect(Math.max(right - left, bottom - top)).toBeGreaterThan(1.5 * object.radius)
      expect(answer).toMatch(/^\d{1,4}(,\d{1,4}){3}$/)
    })
  })

  test('read', () => {
    forAll('read', (scene, question, answer) => {
      const matching = scene.words.filter((word, i) => {
        const place = /\b(top|middle|bottom)\b/.exec(question)?.[0]
        if (place) return i === { top: 0, middle: 1, bottom: scene.words.length - 1 }[place]
        return scene.words.length === 1 || question.includes(` ${word.color} `)
      })
      expect(matching.map((word) => word.text)).toEqual([answer])
      expect(answer).toMatch(/^[A-Z]{3,6}$/)
    })
  })

  test('bar', () => {
    forAll('bar', (scene, question, answer) => {
      const sorted = [...scene.chart!.bars].sort((a, b) => a.value - b.value)
      if (/highest|largest|tallest/.test(question)) expect(answer).toBe(sorted.at(-1)!.label.text)
      else if (/lowest|smallest|shortest/.test(question)) expect(answer).toBe(sorted[0].label.text)
      else {
        const named = sorted.filter((bar) => question.split(/[\s?.]+/).includes(bar.label.text))
        expect(named.map((bar) => String(bar.value))).toEqual([answer])
      }
    })
  })

  test('grid', () => {
    forAll('grid', (scene, question, answer) => {
      const row = Number(/row (\d)/.exec(question)![1])
      const column = Number(/column (\d)/.exec(question)![1])
      const { left, top, cell } = scene.grid!
      const inside = scene.objects.filter(
        (o) => Math.ceil((o.x - left) / cell) === column && Math.ceil((o.y - top) / cell) === row,
      )
      expect(inside.map((o) => `${o.color} ${o.shape}`).join() || 'nothing').toBe(answer)
    })
  })

  test('caption names every object once', () => {
    forAll('caption', (scene, _, answer) => {
      if (scene.kind !== 'objects') return
      const total = scene.objects.length
      if (total > 4) {
        const sum = (answer.match(/\d+/g) ?? []).reduce((a, b) => a + Number(b), 0)
        expect(sum).toBe(total)
      } else {
        const sorted = [...scene.objects].sort((a, b) => a.x - b.x)
        expect(nounPhrases(answer).map((p) => p.split(' ').at(-1))).toEqual(sorted.map((o) => o.shape))
        expect(sorted.every((o, i) => objectsNamed(scene, nounPhrases(answer)[i]).includes(o))).toBe(true)
      }
    })
  })
})

describe('sample', () => {
  test.each(['exist', 'relation', 'compare'])('yes and no are balanced in %s', (task) => {
    let [yes, no] = [0, 0]
    for (let index = 0; index < 2000; index++) {
      const { answer } = sample({ split: 'train', seed: 4, index, task }).qa
      if (answer === 'yes') yes++
      if (answer === 'no') no++
    }
    expect(yes / (yes + no)).toBeGreaterThan(0.45)
    expect(yes / (yes + no)).toBeLessThan(0.55)
  })

  test('training questions name no held-out pair', () => {
    for (let index = 0; index < 1500; index++) {
      for (const phrase of nounPhrases(sample({ split: 'train', seed: 6, index }).qa.question)) {
        const words = phrase.replace('crosses', 'cross').replace(/s$/, '').replace('cros', 'cross').split(' ')
        const pairs = words.flatMap((a) => words.map((b) => [a, b] as const))
        expect(pairs.some(([a, b]) => isHeldOutPair(a as never, b as never))).toBe(false)
      }
    }
  })

  test('every task has at least four phrasings', () => {
    for (const task of TASK_IDS) {
      const seen = new Set<string>()
      for (let index = 0; index < 120; index++) {
        const { question } = sample({ split: 'train', seed: 2, index, task }).qa
        expect(question).toMatch(/[?.]$/)
        seen.add(question.split(' ').slice(0, 2).join(' '))
      }
      expect(seen.size, task).toBeGreaterThanOrEqual(4)
    }
  })

  test('unknown tasks, splits and seeds are refused with what is allowed', () => {
    expect(() => sample({ split: 'train', seed: 1, index: 0, task: 'colour' })).toThrow(/Unknown World task "colour"/)
    expect(() => sample({ split: 'dev' as never, seed: 1, index: 0 })).toThrow(/use one of train, validation, test/)
    expect(() => sample({ split: 'train', seed: 0.5, index: 0 })).toThrow(/must be integers/)
  })
})

describe('askAll', () => {
  test('gives different questions, each of a task that fits', () => {
    const scene = makeScene({ split: 'train', seed: 1, index: 4, kind: 'objects' })
    const found = askAll(scene, Rng.from(1), 20)
    expect(found).toHaveLength(20)
    expect(new Set(found.map((qa) => qa.question)).size).toBe(20)
  })

  test('follows weights', () => {
    const scene = makeScene({ split: 'train', seed: 1, index: 4, kind: 'objects' })
    const none = Object.fromEntries(TASK_IDS.map((id) => [id, 0]))
    const found = askAll(scene, Rng.from(1), 5, { ...none, exist: 1 })
    expect(found.map((qa) => qa.task)).toEqual(Array(5).fill('exist'))
    expect(() => askAll(scene, Rng.from(1), 5, { colour: 2 })).toThrow(/Unknown World task/)
  })
})
