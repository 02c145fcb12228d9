import { describe, expect, it } from 'vitest'
import { COLORS, Rng, sample } from '../../src/world/index.ts'
import { choiceOf, cornersOf, leakedAnswer, leakedOptions, OPTIONS, sumOf } from '../../src/world/questions/choice.ts'

const drawn = (task: string, index: number) => sample({ split: 'test', seed: 3, index, task })
const rngs = Array.from({ length: 40 }, (_, index) => Rng.from(1, 'choice', index))

describe('questions with options', () => {
  it('have four different ones from the own set of answers, the right one anywhere among them', () => {
    const places = rngs.map((rng, index) => {
      const { qa } = drawn('color', index)
      const { question, options, right } = choiceOf(qa, rng)!
      expect([question, options[right]]).toEqual([qa.question, qa.answer])
      expect(new Set(options).size).toBe(OPTIONS)
      for (const option of options) expect(COLORS).toContain(option)
      return right
    })
    expect(new Set(places).size).toBe(OPTIONS)
  })

  it('are none where there are fewer answers, or answers of several digits', () => {
    const [rng] = rngs
    const qa = { task: 'bar', question: 'q', answer: '10', candidates: ['1', '2', '3', '4', '10'] }
    expect(choiceOf(qa, rng)).toBeUndefined()
    expect(choiceOf({ ...qa, answer: '2' }, rng)!.options).not.toContain('10')
    expect(choiceOf({ ...qa, answer: 'yes', candidates: ['yes', 'no'] }, rng)).toBeUndefined()
  })

  it('leak the answer where the others are of another kind', () => {
    for (const [index, rng] of rngs.entries()) {
      const { options, right } = leakedOptions(drawn('color', index).qa, rng)!
      expect(options.map((option) => (COLORS as readonly string[]).includes(option))).toEqual(
        options.map((_, at) => at === right),
      )
    }
    expect(leakedOptions({ task: 'caption', question: 'q', answer: 'a red ring' }, rngs[0])).toBeUndefined()
  })

  it('leak the answer in the question itself, of the only such object', () => {
    for (const [index, rng] of rngs.entries()) {
      const { scene } = drawn('color', index)
      const choice = leakedAnswer(scene, rng)
      if (!choice) continue
      const color = choice.options[choice.right]
      expect(choice.question.split(/\W/)).toContain(color)
      expect(scene.objects.some((object) => object.color === color)).toBe(true)
    }
  })

  it('ask for sums and corners that are right', () => {
    for (const rng of rngs) {
      const sum = sumOf(rng)
      const [a, b] = sum.question.match(/\d/g)!.map(Number)
      expect(sum.options[sum.right]).toBe(String(a + b))
      const corners = cornersOf(rng)
      const known = { square: '4', triangle: '3', circle: '0', diamond: '4', cross: '12' }
      const shape = Object.keys(known).find((name) => corners.question.includes(name)) as keyof typeof known
      expect(corners.options[corners.right]).toBe(known[shape])
    }
  })
})
