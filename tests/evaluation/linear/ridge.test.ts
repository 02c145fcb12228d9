import { describe, expect, it } from 'vitest'
import { crossValidatedRidge, predict, ridge } from '../../../src/evaluation/linear/ridge.ts'
import { Rng } from '../../../src/world/rng.ts'

const rng = Rng.from(1, 'ridge')
const drawn = (rows: number, width: number) =>
  Array.from({ length: rows }, () => Array.from({ length: width }, () => rng.normal()))

describe('ridge regression', () => {
  it('is that of an example worked by hand: slope 2 without strength, 1 with as much as the inputs spread, no shrunk mean', () => {
    const [x, y] = [
      [[-1], [0], [1]],
      [[8], [10], [12]],
    ]
    expect(ridge(x, y, 0)).toEqual({ weights: [[expect.closeTo(2, 12)]], intercepts: [10], centre: [0] })
    expect(ridge(x, y, 2).weights[0][0]).toBeCloseTo(1, 12)
    expect(predict(ridge(x, y, 2), [[3]])[0][0]).toBeCloseTo(13, 12)
  })

  it('ends where gradient descent ends', () => {
    const [x, y, lambda] = [drawn(30, 3), drawn(30, 1), 5]
    const { weights, centre, intercepts } = ridge(x, y, lambda)
    let w = [0, 0, 0]
    for (let step = 0; step < 2000; step++) {
      const errors = x.map(
        (row, n) => row.reduce((sum, value, i) => sum + w[i] * (value - centre[i]), intercepts[0]) - y[n][0],
      )
      w = w.map(
        (value, i) =>
          value - 0.01 * (lambda * value + x.reduce((sum, row, n) => sum + (row[i] - centre[i]) * errors[n], 0)),
      )
    }
    for (const [i, value] of w.entries()) expect(weights[0][i]).toBeCloseTo(value, 8)
  })

  it('refuses rows that do not match, and dependent inputs without strength', () => {
    expect(() => ridge([[1], [2]], [[1]], 1)).toThrow('got 2 and 1')
    const same = [1, -1, 1, -1].map((value) => [value, value])
    expect(() => ridge(same, same, 0)).toThrow('not positive definite')
  })
})

describe('cross-validation', () => {
  it('takes a weak strength for a target that inputs tell, a strong one for noise, each by itself', () => {
    const x = drawn(60, 8)
    const y = x.map((row) => [2 * row[0] - row[3], rng.normal()])
    const grid = [0.01, 1, 1e4]
    const { lambdas, weights } = crossValidatedRidge(x, y, grid)
    expect(lambdas).toEqual([0.01, 1e4])
    expect(weights[0]).toEqual(ridge(x, y, 0.01).weights[0])
    expect(weights[1]).toEqual(ridge(x, y, 1e4).weights[1])
  })

  it('needs something to choose from', () => {
    expect(() => crossValidatedRidge(drawn(10, 2), drawn(10, 1), [])).toThrow('a strength to try')
  })
})
