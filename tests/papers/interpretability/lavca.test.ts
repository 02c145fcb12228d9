import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checks } from '../../../src/papers/interpretability/lavca/checks.ts'
import { compose } from '../../../src/papers/interpretability/lavca/compose.ts'
import { describe as describeOf, poolOf } from '../../../src/papers/interpretability/lavca/describe.ts'
import { countInfill } from '../../../src/papers/interpretability/lavca/infill.ts'
import {
  commonKeywords,
  filterKeywords,
  softmax,
  topImages,
} from '../../../src/papers/interpretability/lavca/keywords.ts'
import { captionsOf, embeddingsOf, stimuliOf } from '../../../src/papers/interpretability/lavca/look.ts'
import { describeUnit, encodeUnits, unitPool } from '../../../src/papers/interpretability/lavca/unit.ts'
import { bagCosine, fitOf, textTower, tfIdf, wordsIn } from '../../../src/papers/interpretability/lavca/words.ts'
import type { Lab } from '../../../src/papers/reports/lab.ts'
import { type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'

/** Pictures of axes: red, blue, circle, square. */
const CAPTIONS = ['a red circle', 'a red square', 'a blue circle', 'a blue square', 'a red circle and a blue square']
const EMBEDDINGS = [
  [1, 0, 1, 0],
  [1, 0, 0, 1],
  [0, 1, 1, 0],
  [0, 1, 0, 1],
  [1, 1, 1, 1],
]

it('holds every exact check', async () => {
  for await (const { name, value } of checks({ seed: 1 } as Lab)) expect(value, name).toBe(0)
})

describe('the images that a unit prefers', () => {
  it('are the largest, ties to the lower index, whatever the length of its weights', () => {
    expect(topImages(EMBEDDINGS, [1, 0, 0, 0], 3)).toEqual([0, 1, 4])
    expect(topImages(EMBEDDINGS, [9, 0, 0, 0], 3)).toEqual([0, 1, 4])
    expect(topImages(EMBEDDINGS, [0, 1, 0, 1], 2)).toEqual([3, 4])
    expect(() => topImages(EMBEDDINGS, [1, 0, 0, 0], 6)).toThrow('out of a pool of 5')
  })
})

describe('keywords', () => {
  it('are counted once in a caption, and stand in so many of them', () => {
    expect(wordsIn('A red circle, and a red square of 3')).toEqual(['red', 'circle', 'square'])
    expect(commonKeywords(CAPTIONS, 0.6, 9)).toEqual(['blue', 'circle', 'red', 'square'])
    expect(commonKeywords([...CAPTIONS, 'a red star'], 0.6, 9)).toEqual(['red'])
    expect(commonKeywords(CAPTIONS, 0, 2)).toEqual(['blue', 'circle'])
  })

  it('are filtered as in the example worked by hand', () => {
    const cosines: Record<string, number> = { a: 0.9, b: 0, c: 0.6 }
    expect(softmax([0.9, 0, 0.6], 1).map((p) => p.toFixed(3))).toEqual(['0.466', '0.189', '0.345'])
    const kept = (rest: object) =>
      filterKeywords(['a', 'b', 'c'], (word) => cosines[word], { temperature: 1, most: 5, ...rest })
    expect(kept({})).toEqual(['a', 'c'])
    expect(kept({ threshold: 0 })).toEqual(['a', 'c', 'b'])
    expect(kept({ most: 1 })).toEqual(['a'])
    expect(filterKeywords([], () => 0, { temperature: 1, most: 5 })).toEqual([])
  })
})

describe('the text tower', () => {
  it('gives words directions of their own: a text lies nearest to its picture', () => {
    const tower = textTower(CAPTIONS, EMBEDDINGS)
    const fits = ['red', 'blue', 'circle', 'square'].map((word) => fitOf(tower, word, [1, 0, 0, 0]))
    expect(fits[0]).toBe(Math.max(...fits))
    expect(fits[0]).toBeGreaterThan(0.8)
    expect(tower.embed('a violet hexagon')).toBeUndefined()
    expect(fitOf(tower, 'violet', [1, 0, 0, 0])).toBe(-1)
  })

  it('beside it, bags of words: 1 for the same words, 0 for none shared, rare words first', () => {
    const bag = tfIdf([...CAPTIONS, 'a star'])
    expect(bagCosine(bag('red circle'), bag('a circle, red'))).toBeCloseTo(1, 12)
    expect(bagCosine(bag('red'), bag('blue'))).toBe(0)
    expect(bagCosine(bag('red star'), bag('star'))).toBeGreaterThan(bagCosine(bag('red star'), bag('red')))
  })
})

describe('composing', () => {
  const language = countInfill(CAPTIONS)
  const nothing = () => 0

  it('fills gaps as captions do, keeps keywords in order, and ends', () => {
    expect(compose(['red', 'circle'], language, nothing)).toBe('a red circle')
    expect(compose(['circle', 'square'], language, nothing, { length: 6 })).toMatch(/circle .*square/)
    expect(compose(['square'], language, nothing, { rounds: 0 })).toBe('square')
  })

  it('takes the likeliest word where the fit has no weight, the best-fitting one where it has all', () => {
    const likes = (text: string) => Number(text.includes('blue'))
    expect(compose(['square'], language, likes, { beta: 0 })).toBe(compose(['square'], language, nothing))
    expect(compose(['square'], language, likes, { beta: 1e6 })).toContain('blue')
  })

  it('refuses to be counted from nothing', () => {
    expect(() => countInfill([])).toThrow('needs captions')
  })
})

it('describes a unit of two concepts by both, and one of another direction otherwise', () => {
  const pool = poolOf(EMBEDDINGS, CAPTIONS)
  const options = { images: 2, share: 0.5, temperature: 1 }
  const told = describeOf([1, -1, 1, -1], pool, options)
  expect(told.keywords.slice(0, 2).sort()).toEqual(['circle', 'red'])
  expect(told.sentence.split(' ')).toEqual(expect.arrayContaining(['red', 'circle']))
  expect(told.single).toBe('a red circle')
  expect(describeOf([-1, 1, -1, 1], pool, options).sentence).toContain('blue')
})

describe('units of ones own', () => {
  const pool = unitPool(EMBEDDINGS, CAPTIONS)

  it('are fitted and described by the same way', () => {
    const pictures = Array.from({ length: 4 }, () => EMBEDDINGS).flat()
    const { weights } = encodeUnits(
      pictures,
      pictures.map(([red, , circle]) => [red + circle]),
    )
    expect(describeUnit(weights[0], pool, { images: 1, share: 1 }).keywords).toEqual(expect.arrayContaining(['red']))
  })

  it.each([
    ['weights of another width', () => describeUnit([1, 0], pool), 'weights: give 4 finite numbers'],
    ['weights of nothing', () => describeUnit([0, 0, 0, 0], pool), 'not all 0'],
    ['more images than there are', () => describeUnit([1, 0, 0, 0], pool), '20 best pictures cannot be taken of 5'],
    ['captions that are missing', () => unitPool(EMBEDDINGS, ['a']), '1 captions for 5 pictures'],
    ['captions without words', () => unitPool(EMBEDDINGS, ['', '', '', '', '']), 'hold no words'],
    ['too few responses', () => encodeUnits(EMBEDDINGS, [[1], [2], [3]]), '5 embeddings and 3 responses'],
    ['numbers that are none', () => encodeUnits([[1], [Number.NaN]], [[1], [2]]), 'embeddings: row 1'],
  ])('refuse %s', (_, run, words) => {
    const refused = (() => {
      try {
        return run()
      } catch (error) {
        return error
      }
    })()
    expect(refused).toMatchObject({ code: 'unit_invalid', kind: 'usage', message: expect.stringContaining(words) })
  })
})

describe('looking', () => {
  let tiny: Tiny
  beforeAll(async () => {
    tiny = await tinyModel()
  })
  afterAll(() => tiny.close())
  const lab = { signal: new AbortController().signal, progress: () => {} }

  it('gives embeddings of length 1 that differ between scenes, and captions', async () => {
    const stimuli = stimuliOf({ split: 'test', seed: 1 }, 2)
    expect(stimuli.every(({ scene }) => scene.objects.length <= 4)).toBe(true)
    const [a, b] = await embeddingsOf(lab, tiny.model, stimuli)
    expect(Math.hypot(...a)).toBeCloseTo(1, 6)
    expect(a).not.toEqual(b)
    expect(await captionsOf(lab, tiny.model, stimuli.slice(0, 1))).toEqual([expect.any(String)])
  })
})
