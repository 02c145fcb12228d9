import { describe, expect, test } from 'vitest'
import { Rng } from '../../src/world/index.ts'

describe('Rng', () => {
  test('equal streams repeat, different names do not', () => {
    const draw = (rng: Rng) => Array.from({ length: 5 }, () => rng.uint32())
    expect(draw(Rng.from(7, 'train', 3))).toEqual(draw(Rng.from(7, 'train', 3)))
    expect(draw(Rng.from(7, 'train', 3))).not.toEqual(draw(Rng.from(7, 'test', 3)))
    expect(draw(Rng.from(7, 'a', 'b'))).not.toEqual(draw(Rng.from(7, 'ab')))
  })

  test('uniform, integer and normal draws have their moments', () => {
    const rng = Rng.from(1, 'moments')
    const mean = (draw: () => number) => Array.from({ length: 20000 }, draw).reduce((a, b) => a + b) / 20000
    expect(mean(() => rng.float())).toBeCloseTo(0.5, 1)
    expect(mean(() => rng.int(0, 8))).toBeCloseTo(4, 0)
    expect(mean(() => rng.normal(3, 2))).toBeCloseTo(3, 0)
    expect(mean(() => rng.normal() ** 2)).toBeCloseTo(1, 0)
  })

  test('shuffle keeps the items and weighted follows its weights', () => {
    const rng = Rng.from(2)
    expect(rng.shuffle([1, 2, 3, 4, 5]).sort()).toEqual([1, 2, 3, 4, 5])
    const counts = { a: 0, b: 0, c: 0 }
    for (let i = 0; i < 4000; i++) counts[rng.weighted({ a: 3, b: 1, c: 0 })]++
    expect(counts.c).toBe(0)
    expect(counts.a / 4000).toBeCloseTo(0.75, 1)
  })

  test('empty choices are refused', () => {
    expect(() => Rng.from(1).pick([])).toThrow('the list is empty')
    expect(() => Rng.from(1).weighted({ a: 0 })).toThrow('positive sum')
  })
})
