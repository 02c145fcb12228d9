import { afterAll, describe, expect, it } from 'vitest'
import { type Backend, compile, f32 } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { WebBackend } from '../../src/runtime/web/backend.ts'
import { cachedAttention, input } from '../../src/tensor/index.ts'
import { ndarray } from '../../src/tensor/ndarray.ts'
import { randomFrom } from '../tensor/harness.ts'

const [heads, keyHeads, d] = [4, 2, 8]
const backends: Record<string, Backend> = { node: new NodeBackend(), wasm: new WebBackend('wasm') }
afterAll(() => Promise.all(Object.values(backends).map((backend) => backend.dispose())))

/** One program for every length, as a language model has it: the branch is chosen while it runs. */
function trace(window?: number) {
  const rows = (name: string, width: number) => input(name, [1, 's', width])
  const [keys, values] = ['pastKeys', 'pastValues'].map((name) => input(name, ['past', keyHeads, d]))
  const [q, k, v] = [rows('q', heads * d), rows('k', keyHeads * d), rows('v', keyHeads * d)]
  return cachedAttention(q, k, v, keys, values, { heads, window })
}

const cases = Object.keys(backends).flatMap((name) => [[name, undefined] as const, [name, 3] as const])
describe.each(cases)('attention over a cache on %s, window %s', (name, window) => {
  it.each([
    [1, 0],
    [1, 1],
    [1, 9],
    [5, 0],
    [2, 9],
  ])('%i new tokens after %i', async (s, past) => {
    const random = randomFrom(s * 100 + past)
    const draw = (...dims: number[]) =>
      f32(
        dims,
        Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random() - 0.5),
      )
    const cache = () => draw(past, keyHeads, d)
    const [q, k, v] = [draw(1, s, heads * d), draw(1, s, keyHeads * d), draw(1, s, keyHeads * d)]
    const feeds = { q, k, v, pastKeys: cache(), pastValues: cache() }
    const node = trace(window)
    const program = await compile(backends[name], { y: node })
    const { values } = await program.run(feeds)
    await program.dispose()

    const arrays = Object.values(feeds).map(({ dims, data }) => ndarray(dims, data))
    const expected = cachedAttention.reference(arrays, node.attrs as never, node, q.dims, Number)
    const actual = Array.from(values.y.data as Float32Array)
    expect(actual.length).toBe(expected.data.length)
    actual.forEach((value, at) => {
      expect(Math.abs(value - expected.data[at])).toBeLessThan(1e-6)
    })
  })
})

it('refuses what the kernels cannot do', () => {
  const rows = input('rows', [1, 's', 16])
  const cache = (past: number | string, width: number) => input('cache', [past, 1, width])
  const attempt = (past: number | string, width: number, window?: number) => () =>
    cachedAttention(rows, rows, rows, cache(past, width), cache(past, width), { heads: 1, window })
  expect(attempt('past', 16)).not.toThrow()
  expect(attempt(7, 16)).toThrow('past a named dim')
  expect(attempt('past', 12)).toThrow('cachedAttention')
  expect(attempt('past', 16, 1)).toThrow('a window of 2 or more')
})
