import { expect, it } from 'vitest'
import { staticWindows } from '../../../../src/papers/reducer/frames/static-windows.ts'
import { constant } from '../../../../src/tensor/index.ts'
import { Rng } from '../../../../src/world/rng.ts'
import { numbers } from '../../../pipeline/frames-of.ts'

function windows(alike: readonly (readonly number[])[], most = 1024) {
  const n = alike[0]?.length ?? 1
  const rows = [...alike.flat(), ...Array<number>(n).fill(1)]
  const found = staticWindows(constant(rows, [alike.length + 1, n]), most)
  return { numbers: numbers(found.numbers), reduced: numbers(found.reduced)[0] }
}

/** The same by trying every way to cut the frames. */
function best(alike: readonly (readonly number[])[], most: number): number {
  const t = alike.length + 1
  const gain = (s: number, e: number) =>
    (e - s) * alike[0].filter((_, l) => alike.slice(s, e).every((row) => row[l] === 1)).length
  const from = (s: number): number =>
    s === t ? 0 : Math.max(...Array.from({ length: Math.min(most, t - s) }, (_, w) => gain(s, s + w) + from(s + w + 1)))
  return from(0)
}

it('is the example by hand: windows (0, 1) and (2, 3) save 3', () => {
  const found = windows([[1, 1], [1, 0], [1, 0]]) // biome-ignore format: frames
  expect(found).toEqual({ numbers: [0, 0, 1, 1], reduced: 3 })
})

it('takes frames alone where nothing stands still, and all of a still video', () => {
  expect(windows([[0], [0], [0]])).toEqual({ numbers: [0, 1, 2, 3], reduced: 0 })
  expect(windows([[1], [1], [1]])).toEqual({ numbers: [0, 0, 0, 0], reduced: 3 })
  expect(windows([])).toEqual({ numbers: [0], reduced: 0 })
})

it('keeps to the longest window', () => {
  expect(windows([[1], [1], [1]], 2)).toEqual({ numbers: [0, 0, 1, 1], reduced: 2 })
  expect(windows([[1], [1], [1]], 1)).toEqual({ numbers: [0, 1, 2, 3], reduced: 0 })
})

it('saves as much as the best of all ways to cut', () => {
  const rng = Rng.from(7, 'windows')
  for (let trial = 0; trial < 12; trial++) {
    const alike = Array.from({ length: 7 }, () => Array.from({ length: 3 }, () => Number(rng.float() < 0.7)))
    const most = trial % 2 ? 3 : 8
    const found = windows(alike, most)
    expect(found.reduced).toBe(best(alike, most))
    expect(found.numbers.every((number, at) => at === 0 || [0, 1].includes(number - found.numbers[at - 1]))).toBe(true)
  }
})
