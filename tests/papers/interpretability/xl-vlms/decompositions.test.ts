import { describe, expect, it } from 'vitest'
import { kMeans } from '../../../../src/papers/interpretability/xl-vlms/k-means.ts'
import { eigen, principalComponents } from '../../../../src/papers/interpretability/xl-vlms/principal.ts'
import { objective, semiNmf } from '../../../../src/papers/interpretability/xl-vlms/semi-nmf.ts'
import { norm } from '../../../../src/papers/interpretability/xl-vlms/vectors.ts'
import { Rng } from '../../../../src/world/rng.ts'

const cloud = (count: number, width: number, name = 'cloud') => {
  const rng = Rng.from(7, name)
  return Array.from({ length: count }, () => Array.from({ length: width }, () => rng.normal()))
}

describe('k-means', () => {
  const states = [
    [0, 0],
    [0, 2],
    [10, 0],
    [10, 2],
  ]

  it('finds the two pairs of a rectangle: centroids in their middles, activations by distance', () => {
    const { atoms, activations } = kMeans(states, 2, 1)
    const order = [...atoms].sort((a, b) => a[0] - b[0])
    expect(order).toEqual([
      [0, 1],
      [10, 1],
    ])
    const near = atoms.findIndex(([x]) => x === 0)
    expect(activations[0][near]).toBe(1 / 2)
    expect(activations[0][1 - near]).toBeCloseTo(1 / (1 + Math.sqrt(101)), 12)
  })

  it('is the same for a seed, ends with the states themselves, and refuses more', () => {
    const many = cloud(50, 3)
    expect(kMeans(many, 5, 3)).toEqual(kMeans(many, 5, 3))
    expect([...kMeans(states, 4, 2).atoms].sort((a, b) => a[0] - b[0] || a[1] - b[1])).toEqual(states)
    expect(kMeans([[1], [1], [1]], 2, 1).atoms).toEqual([[1], [1]])
    expect(() => kMeans(states, 5, 1)).toThrow('4 states are too few for 5 concepts')
  })
})

describe('principal components', () => {
  it('of four points on a cross are its axes, longest first, with shares of 4 and 1', () => {
    const { atoms, activations, mean, shares } = principalComponents(
      [
        [1, 3],
        [1, -1],
        [2, 1],
        [0, 1],
      ],
      2,
    )
    expect(mean).toEqual([1, 1])
    for (const [at, axis] of [
      [0, 1],
      [1, 0],
    ].entries())
      for (const [i, x] of axis.entries()) expect(atoms[at][i]).toBeCloseTo(x, 12)
    expect(shares[0]).toBeCloseTo(0.8, 12)
    expect(shares[1]).toBeCloseTo(0.2, 12)
    expect(activations.map(([first]) => Math.round(first * 1e9) / 1e9)).toEqual([2, -2, 0, 0])
  })

  it('diagonalise: [[2, 1], [1, 2]] has 3 and 1, and a larger matrix is put together again', () => {
    const small = eigen([
      [2, 1],
      [1, 2],
    ])
    expect([...small.values].sort()).toEqual([expect.closeTo(1, 12), expect.closeTo(3, 12)])
    const rows = cloud(8, 8)
    const symmetric = rows.map((row, i) => row.map((x, j) => (x + rows[j][i]) / 2))
    const { values, vectors } = eigen(symmetric)
    for (const [i, row] of symmetric.entries())
      for (const [j, x] of row.entries()) {
        const sum = values.reduce((total, value, k) => total + vectors[i][k] * value * vectors[j][k], 0)
        expect(sum).toBeCloseTo(x, 10)
      }
  })
})

describe('semi-NMF', () => {
  it('of multiples of two axes finds the axes, activations less the penalty', () => {
    const states = [
      [4, 0],
      [8, 0],
      [0, 6],
      [0, 10],
    ]
    const { atoms, activations } = semiNmf(states, 2, 1, { lambda: 1 })
    const first = atoms.findIndex(([x]) => x > 0.5)
    expect(atoms[first].map((x) => Math.round(x * 1e6) / 1e6)).toEqual([1, 0])
    expect(atoms[1 - first].map((x) => Math.round(x * 1e6) / 1e6)).toEqual([0, 1])
    expect(activations.map((row) => [row[first], row[1 - first]].map((x) => Math.round(x * 1e6) / 1e6))).toEqual([
      [3, 0],
      [7, 0],
      [0, 5],
      [0, 9],
    ])
  })

  it('has activations from zero, atoms in the unit ball, and never gets worse', () => {
    const states = cloud(40, 6, 'states')
    const objectives = [1, 2, 4, 8, 16].map((rounds) => {
      const found = semiNmf(states, 4, 2, { lambda: 0.1, rounds })
      expect(found.activations.flat().every((v) => v >= 0)).toBe(true)
      for (const atom of found.atoms) expect(norm(atom)).toBeLessThanOrEqual(1 + 1e-12)
      return objective(states, found, 0.1)
    })
    for (const [at, value] of objectives.slice(1).entries()) expect(value).toBeLessThanOrEqual(objectives[at] + 1e-9)
    expect(objectives.at(-1)).toBeLessThan(objectives[0])
  })
})
