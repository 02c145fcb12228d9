import { afterAll, describe, expect, it } from 'vitest'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { allOps, checkCase, drawCase } from './harness.ts'

/** Ops that draw no sample, with the reason. */
const leaves: Record<string, string> = {
  input: 'its value is fed',
  parameter: 'its value is fed or a weight',
  constant: 'its value is its attribute; every gradient program holds one',
  straightThrough: 'its gradient is a definition, not a derivative; tested below',
  dimValue: 'has no operands; covered by the tests of named dims',
  cachedAttention: 'its cache has a named length; tests/nn/cached-attention.test.ts',
}
const seeds = [1, 2, 3, 4, 5, 6, 7, 8]

const ops = await allOps()
const backend = new NodeBackend()
afterAll(() => backend.dispose())

describe('every op', () => {
  it('draws a sample or is a leaf with a reason', () => {
    const without = ops.filter((op) => !op.sample).map((op) => op.name)
    expect(without.sort()).toEqual(Object.keys(leaves).sort())
  })
  it('has a name of its own', () => {
    expect(new Set(ops.map((op) => op.name)).size).toBe(ops.length)
  })
  it.each(ops.filter((op) => op.sample).map((op) => [op.name, op] as const))(
    '%s keeps its contract',
    async (name, op) => {
      for (const seed of seeds) await checkCase(backend, drawCase(op, seed), seed, `${name} (seed ${seed})`)
    },
  )
})
