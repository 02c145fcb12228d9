import { describe, expect, it } from 'vitest'
import type { Architecture } from '../../../src/models/family.ts'
import { cellsOf } from '../../../src/papers/connector/infmllm.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { poolTokens } from '../../../src/pipeline/method/pool.ts'
import { noise, seen, tokensOf } from '../tokens-of.ts'
import { lossLeft, trainTiny } from '../trained.ts'

const WIDTH = 8
const architecture = { name: 'tiny', vision: {}, language: { hiddenSize: WIDTH } } as unknown as Architecture
const grid = { rows: 4, columns: 4 }
const features = noise(16, WIDTH)

const tokensUnder = (text: string, patches = features, of = grid) =>
  seen(parseMethod(text), tokensOf({ features: patches, grid: of }), { architecture }).states

/** Rows in which two lists of tokens differ by more than rounding. */
const changed = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]) =>
  a.flatMap((row, at) => (row.some((x, column) => Math.abs(x - b[at][column]) > 1e-6) ? [at] : []))

describe('the pool-adapter', () => {
  it('is the worked example: 0..15 in a 4 x 4 grid', () => {
    const patches = tokensOf({ features: Array.from({ length: 16 }, (_, at) => [at]), grid })
    const pool = { see: { connector: (tokens: typeof patches) => poolTokens(tokens, cellsOf(grid), 'test') } }
    const { states, owner } = seen({ name: 'pool', ...pool }, patches)
    expect(states.flat()).toEqual([2.5, 4.5, 10.5, 12.5])
    expect(owner).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3])
  })

  it('with P = s is the MLP on every patch, bit for bit', () => {
    const alone = features.map((patch) => tokensUnder('infmllm:side=1', [patch], { rows: 1, columns: 1 })[0])
    expect(tokensUnder('infmllm:side=4')).toEqual(alone)
  })

  it('keeps the mean of all patches, for every P that divides s', () => {
    const mean = (rows: readonly (readonly number[])[]) =>
      rows[0].map((_, column) => rows.reduce((sum, row) => sum + row[column] / rows.length, 0))
    const whole = mean(features)
    for (const side of [1, 2, 4]) {
      const { states } = seen(
        { name: 'pool', see: { connector: (tokens) => poolTokens(tokens as never, cellsOf(grid, side), 'test') } },
        tokensOf({ features, grid }),
      )
      for (const [at, value] of mean(states).entries()) expect(value).toBeCloseTo(whole[at], 6)
    }
  })

  it('is local: a patch changes the token of its cell, where queries change all', () => {
    const other = features.map((row, at) => (at === 3 ? row.map((x) => x + 1 - 2 * (x > 0 ? 1 : 0)) : row))
    const differing = (adapter: string) =>
      changed(tokensUnder(`infmllm:adapter=${adapter}`), tokensUnder(`infmllm:adapter=${adapter}`, other))
    expect(differing('pool')).toEqual([1])
    expect(differing('queries')).toEqual([0, 1, 2, 3])
  })

  it('does not care for the order within a cell, only across cells', () => {
    const order = [...features.keys()]
    const swapped = (a: number, b: number) => order.map((at) => features[at === a ? b : at === b ? a : at])
    expect(changed(tokensUnder('infmllm'), tokensUnder('infmllm', swapped(0, 5)))).toEqual([])
    expect(changed(tokensUnder('infmllm'), tokensUnder('infmllm', swapped(1, 2)))).toEqual([0, 1])
  })
})

describe('cells', () => {
  it.each([
    [{ rows: 32, columns: 32 }, undefined, [16, 16]],
    [{ rows: 27, columns: 27 }, undefined, [9, 9]],
    [{ rows: 4, columns: 6 }, undefined, [2, 3]],
    [{ rows: 7, columns: 5 }, undefined, [7, 5]],
    [{ rows: 24, columns: 24 }, 8, [8, 8]],
    [{ rows: 4, columns: 6 }, 2, [2, 2]],
  ])('of %o with side %s are %o', (patches, side, [rows, columns]) => {
    expect(cellsOf(patches, side)).toEqual({ rows, columns })
  })

  it('that leave a rest are refused', () => {
    expect(() => tokensUnder('infmllm:side=3')).toThrow(
      'infmllm: side=3 does not divide the 4 x 4 patches of a view into equal cells',
    )
  })
})

describe('the recipe', () => {
  it('trains the adapter, then encoder, queries and values too, then the language model by LoRA', async () => {
    const run = await trainTiny('infmllm:lora=2', ['align', 'multitask', 'instruct'], { steps: 10 })
    const { align, multitask, instruct } = run.trained
    expect(align.filter((name) => !/^method\.infmllm\.fc[12]\./.test(name))).toEqual([])
    expect(multitask.some((name) => name.startsWith('vision_tower.'))).toBe(true)
    const ofLanguage = multitask.filter((name) => name.startsWith('language_model.'))
    expect(ofLanguage.length).toBe(2 * 4)
    expect(ofLanguage.filter((name) => !/[qv]_proj\.weight$/.test(name))).toEqual([])
    expect(instruct.filter((name) => !name.startsWith('method.infmllm.'))).toEqual([])
    expect(instruct.some((name) => name.endsWith('lora_B.weight'))).toBe(true)
    expect(run.unreached).toEqual({ align: [], multitask: [], instruct: [] })
    expect(lossLeft(run)).toBeLessThan(0.9)
    expect(run.visual).toBe(4)
    expect(run.text).not.toBe('')
  })
})
