import { afterAll, describe, expect, it } from 'vitest'
import { compile, i64 } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import * as t from '../../src/tensor/index.ts'

const backend = new NodeBackend()
afterAll(() => backend.dispose())

const [count, rows, width] = [100_000, 4, 4]
const indices = t.input('indices', [count], 'i64')
const ones = t.expand(t.constant([1], [1, 1]), [count, width])
const table = t.expand(t.constant([0], [1, 1]), [rows, width])
const column = t.reshape(indices, [count, 1])

/** Sums over indices that repeat many times: an engine that adds in parallel without care loses some. */
const sums: Record<string, t.Tensor> = {
  scatterNd: t.scatterNd(table, column, ones, 'add'),
  scatterAdd: t.scatterAdd([rows, width], t.expand(column, [count, width]), ones, 0),
  'the gradient of gather': t.grad(t.sum(t.gather(table, indices)), [table])[0],
  'the gradient of gatherNd': t.grad(t.sum(t.gatherNd(table, column)), [table])[0],
}

describe('indices that repeat', () => {
  it.each(Object.entries(sums))('%s counts each', async (_, out) => {
    const program = await compile(backend, { out }, { threads: 4 })
    const feeds = {
      indices: i64(
        [count],
        Array.from({ length: count }, (__, at) => at % rows),
      ),
    }
    for (let at = 0; at < 5; at++) {
      const { values } = await program.run(feeds)
      expect([...(values.out.data as Float32Array)]).toEqual(Array(rows * width).fill(count / rows))
    }
    await program.dispose()
  })
})
