import { describe, expect, it } from 'vitest'
import { leavePatches, recallPatches } from '../../../src/pipeline/method/memory.ts'
import type { Site } from '../../../src/pipeline/method/method.ts'
import { poolTokens } from '../../../src/pipeline/method/pool.ts'
import { allPatches, keepTokens } from '../../../src/pipeline/method/visual-tokens.ts'
import { concat, constant, evaluate, type Tensor } from '../../../src/tensor/index.ts'

const numbers = (x: Tensor) => [...evaluate([x], new Map())[0].data]

/** Patches of width 1 whose value is their number. */
function patches(rows: number, columns: number) {
  const count = rows * columns
  const states = constant(
    Array.from({ length: count }, (_, at) => at),
    [1, count, 1],
  )
  return allPatches({ layers: [], patches: states, special: 0, grid: { rows, columns } })
}

const unfit = (message: string) => expect.objectContaining({ code: 'method_unfit', message })

describe('pooling', () => {
  it('brings squares together: token 0 of 2 x 2 is patches 0, 1, 4, 5 of 4 x 4, token 3 is 10, 11, 14, 15', () => {
    const { states, owner } = poolTokens(patches(4, 4), { rows: 2, columns: 2 }, 'it')
    const owners = numbers(owner)
    const of = (token: number) => owners.flatMap((own, patch) => (own === token ? [patch] : []))
    expect([of(0), of(3)]).toEqual([
      [0, 1, 4, 5],
      [10, 11, 14, 15],
    ])
    expect(numbers(states)).toEqual([2.5, 4.5, 10.5, 12.5])
  })

  it('gives rows 4, 13 and 22 of 27 x 27, and keeps the mean and what is constant', () => {
    const rowsOf = patches(27, 27)
    const values = Float32Array.from({ length: 729 }, (_, at) => Math.floor(at / 27))
    const tokens = { ...rowsOf, states: constant(values, [1, 729, 1]) }
    const pooled = numbers(poolTokens(tokens, { rows: 3, columns: 3 }, 'it').states)
    for (const [at, row] of [4, 4, 4, 13, 13, 13, 22, 22, 22].entries()) expect(pooled[at]).toBeCloseTo(row, 5)
    expect(pooled.reduce((a, b) => a + b, 0) / 9).toBeCloseTo(13, 5)
  })

  it('takes grids that no whole number divides', () => {
    const { owner } = poolTokens(patches(5, 3), { rows: 2, columns: 2 }, 'it')
    expect(numbers(owner)).toEqual([0, 0, 1, 0, 0, 1, 0, 0, 1, 2, 2, 3, 2, 2, 3])
  })

  it('refuses finer grids, and tokens that are no patches any more', () => {
    expect(() => poolTokens(patches(2, 2), { rows: 3, columns: 1 }, 'it')).toThrow(
      unfit('it cannot make 3 x 1 regions of 2 x 2 patches; ask for fewer'),
    )
    const fewer = keepTokens(patches(2, 2), constant([0, 1, 2], [1, 3], 'i64'), 'other')
    expect(() => poolTokens(fewer, { rows: 1, columns: 1 }, 'it')).toThrow(
      unfit('it pools patches that lie in a grid, but other before it has changed them; put it first'),
    )
  })
})

describe('a memory of patches', () => {
  const site = (prompt = {}) => ({ architecture: { name: 'a model', prompt } }) as unknown as Site

  it('knows the view and the token of each, over all pictures of a prompt', () => {
    const first = poolTokens(patches(2, 2), { rows: 1, columns: 2 }, 'it')
    const second = keepTokens(patches(1, 3), constant([2], [1, 1], 'i64'), 'it')
    const left = [first, second].map((tokens) => {
      const value = constant(numbers(tokens.owner), [1, tokens.owner.shape[1] as number, 1])
      return leavePatches(tokens, site(), 'seen', value, 'it').memory.seen
    })
    const { rows, view, owner } = recallPatches({ memory: { seen: concat(left, 1) } }, 'seen', 'it')
    expect(numbers(view)).toEqual([0, 0, 0, 0, 1, 1, 1])
    expect(numbers(owner)).toEqual([0, 1, 0, 1, -1, -1, 2])
    expect(numbers(rows)).toEqual([0, 1, 0, 1, -1, -1, 0])
  })

  it('is refused for other rows, after it was left, and where patches are laid out anew', () => {
    const tokens = patches(2, 2)
    expect(() => leavePatches(tokens, site(), 'seen', constant([1], [1, 1, 1]), 'it')).toThrow(
      unfit('it leaves 1 rows for the 4 patches of a view; it needs one for each'),
    )
    expect(() => leavePatches(tokens, site({ pack: () => [] }), 'seen', tokens.states, 'it')).toThrow(
      unfit('it has to find the token of every patch, but a model lays patches out anew'),
    )
    const left = leavePatches(tokens, site(), 'seen', tokens.states, 'it')
    expect(() => keepTokens(left, constant([0], [1, 1], 'i64'), 'other')).toThrow(
      unfit('other changes the visual tokens, but it before it relies on them; use one of the two'),
    )
    expect(() => recallPatches({ memory: {} }, 'seen', 'it')).toThrow(expect.objectContaining({ code: 'method_unfit' }))
  })
})
