import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { kernelOf, mapOf } from '../../../src/papers/reducer/cdpruner.ts'
import { cosines } from '../../../src/pipeline/method/similarity.ts'
import { constant, evaluate } from '../../../src/tensor/index.ts'
import { picture, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { directions, noise, seen, tokensOf } from '../tokens-of.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const angles = [0, 10, 90, 60]
const relevance = [1.000005, 0.900005, 0.000005, 0.500005]
const S = cosines(constant(directions(...angles).flat(), [1, 4, 2]))
const numbers = (t: ReturnType<typeof constant>) => [...evaluate([t], new Map())[0].data]
const chosen = (form: 'direct' | 'tempered' | 'blend', r = relevance, k = 2) =>
  numbers(mapOf(kernelOf(S, constant(r, [1, 4]), form, 0.5), k))

/** The determinant of a set. */
function determinant(K: number[], n: number, set: readonly number[]): number {
  const rows = set.map((i) => set.map((j) => K[i * n + j]))
  return rows.reduce((product, _, at) => {
    const pivot = rows[at][at]
    for (const below of rows.slice(at + 1)) {
      const factor = below[at] / pivot
      for (const column of rows.keys()) below[column] -= factor * rows[at][column]
    }
    return product * pivot
  }, 1)
}

describe('cdpruner', () => {
  it('is the worked example in its three forms, and without relevance', () => {
    expect(chosen('direct')).toEqual([0, 3])
    expect(chosen('tempered')).toEqual([0, 3])
    expect(chosen('blend')).toEqual([0, 2])
    expect(numbers(mapOf(S, 2))).toEqual([0, 2])
    const K = numbers(kernelOf(S, constant(relevance, [1, 4]), 'direct', 0.5))
    expect(determinant(K, 4, [0, 3])).toBeCloseTo(0.187506, 5)
    const tempered = numbers(kernelOf(S, constant(relevance, [1, 4]), 'tempered', 0.5))
    expect(determinant(tempered, 4, [0, 3])).toBeCloseTo(3.3613, 4)
  })

  it('does not change when all relevance is scaled', () => {
    expect(
      chosen(
        'direct',
        relevance.map((r) => 0.3 * r),
      ),
    ).toEqual(chosen('direct'))
  })

  it('takes a copy last, and nothing twice', () => {
    const copies = cosines(constant([...directions(0, 0, 90), [1, 1]].flat(), [1, 4, 2]))
    expect(numbers(mapOf(copies, 2))).toEqual([0, 2])
    expect([...numbers(mapOf(copies, 4))].sort()).toEqual([0, 1, 2, 3])
  })

  it('takes the set of largest determinant among pairs', () => {
    const rows = noise(8, 4, 3)
    const K = numbers(cosines(constant(rows.flat(), [1, 8, 4])))
    const own = determinant(K, 8, numbers(mapOf(constant(K, [1, 8, 8]), 3)))
    const all = rows.map((_, at) => at)
    const triples = all.flatMap((a) => all.slice(a + 1).flatMap((b) => all.slice(b + 1).map((c) => [a, b, c])))
    expect(own).toBeGreaterThan(0.8 * Math.max(...triples.map((set) => determinant(K, 8, set))))
  })

  it('scales likeness to the words of the question: the nearest token first, the farthest never', () => {
    const embed = () => constant(directions(60).flat(), [1, 1, 2])
    const question = constant([7], [1, 1], 'i64')
    const run = (options: string) =>
      seen(parseMethod(`cdpruner:${options}`), tokensOf({ features: directions(...angles) }), { question, embed }).kept
    expect(run('keep=.25')).toEqual([3])
    expect(run('keep=.25,sign=negative')).toEqual([0])
    expect(run('keep=.5')).toEqual([2, 3]) // the least relevant counts for nothing
    expect(run('keep=.5,relevance=none')).toEqual([0, 2])
  })

  it('keeps other patches for other questions, the same ones without relevance', async () => {
    const kept = async (options: string, prompt: string) =>
      (await tiny.model.generate({ prompt, images: [picture()], method: parseMethod(options), maxTokens: 1 })).kept[0]
    const questions = ['how many red circles are there?', 'what is the word?', 'is there a star?']
    const sets = async (options: string) => {
      const found: string[] = []
      for (const prompt of questions) found.push(String(await kept(options, prompt)))
      return new Set(found).size
    }
    expect(await sets('cdpruner:keep=.25')).toBeGreaterThan(1)
    expect(await sets('cdpruner:keep=.25,relevance=none')).toBe(1)
  })

  it('is diversity alone where nothing is asked', async () => {
    const kept = async (options: string) =>
      (await tiny.model.generate({ prompt: '', images: [picture()], method: parseMethod(options), maxTokens: 1 })).kept
    expect(await kept('cdpruner:keep=.25')).toEqual(await kept('cdpruner:keep=.25,relevance=none'))
  })

  it('refuses models whose question is read by a connector of its own', () => {
    const site = { architecture: { vision: { question: { tokenizer: '', maxTokens: 1 } } } as never }
    expect(() => seen(parseMethod('cdpruner'), tokensOf({ features: directions(0, 10) }), site)).toThrow(
      /relevance=none/,
    )
  })
})
