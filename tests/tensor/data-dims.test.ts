import { afterAll, describe, expect, it } from 'vitest'
import { compile, f32 } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import * as t from '../../src/tensor/index.ts'
import { ndarray } from '../../src/tensor/ndarray.ts'
import { expectClose, toArray } from './harness.ts'

const backend = new NodeBackend()
afterAll(() => backend.dispose())

/** Rows whose first value is positive, and what may be computed from how many there are. */
function trace() {
  const rows = t.input('rows', ['n', 2])
  const mask = t.greater(t.reshape(t.slice(rows, 1, 0, 1), ['n']), 0)
  // Traced before the indices: the size is used by a branch that does not depend on them.
  const ramp = (kept: t.Dim) => t.add(t.cast(t.arange(kept), 'f32'), 1)
  const kept = t.gather(rows, t.maskedIndices(mask, 'kept'))
  const scaled = t.mul(kept, t.reshape(ramp('kept'), ['kept', 1]))
  const half = t.gather(kept, t.topK(t.sum(kept, 1), t.scaleDim('kept', 0.5, 'ceil')))
  return { rows, outputs: { ramp: ramp('kept'), scaled, half } }
}

describe('sizes that only the data tells', () => {
  it('flow through shapes, and a run reports them', async () => {
    const { rows, outputs } = trace()
    const program = await compile(backend, outputs)
    const runs = [
      [1, 2, -1, 5, 3, 4, 0.5, 7],
      [-1, 1],
      [2, 2, 2, 2],
    ]
    for (const data of runs) {
      const result = await program.run({ rows: f32([data.length / 2, 2], Float32Array.from(data)) })
      const expected = t.evaluate(Object.values(outputs), new Map([[rows, ndarray([data.length / 2, 2], data)]]))
      Object.keys(outputs).forEach((name, at) => {
        expectClose(toArray(result.values[name]), expected[at], 1e-6, name)
      })
      expect(result.sizes).toEqual({ n: data.length / 2, kept: expected[0].shape[0] })
      expect(Object.keys(result.values)).toEqual(Object.keys(outputs))
    }
    const { flops } = program.cost({ n: 8, kept: 4 })
    expect(flops).toBeGreaterThan(program.cost({ n: 8, kept: 2 }).flops)
    await program.dispose()
  })

  it('have one source', async () => {
    const mask = t.input('mask', ['n'], 'bool')
    const out = t.maskedIndices(mask, 'n')
    await expect(compile(backend, { out })).rejects.toThrow('the dim "n" has two sources')
  })
})
