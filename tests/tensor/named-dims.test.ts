import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { compile, f32 } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import * as t from '../../src/tensor/index.ts'
import { ndarray } from '../../src/tensor/ndarray.ts'
import { bindings, dim, names } from './arbitrary-dims.ts'
import { expectClose, RandomSampler, toArray, toValue } from './harness.ts'

const backend = new NodeBackend()
afterAll(() => backend.dispose())

/** A program of leaves and two sizes, which are names in one tracing and numbers in another. */
type Builder = (leaf: (shape: t.Shape) => t.Tensor, past: t.Dim, seq: t.Dim) => t.Tensor
const programs: Record<string, Builder> = {
  'a cache and new rows': (leaf, past, seq) => t.concat([leaf([past, 4]), leaf([seq, 4])], 0),
  'the end of a concatenation': (leaf, past, seq) => {
    const all = t.concat([leaf([past, 4]), leaf([seq, 4])], 0)
    return t.slice(all, 0, past, t.addDim(past, seq))
  },
  'all but the last': (leaf, _, seq) => t.slice(leaf([seq, 4]), 0, 0, -1),
  'the last row': (leaf, _, seq) => t.slice(leaf([seq, 4]), 0, -1),
  'reshape with two named dims': (leaf, past, seq) => t.reshape(leaf([past, seq, 6]), [past, t.mulDim(seq, 2), 3]),
  'reshape that infers a sum': (leaf, past, seq) => {
    const all = t.concat([leaf([past, 6]), leaf([seq, 6])], 0)
    return t.reshape(all, [t.addDim(past, seq), -1, 2])
  },
  'heads and back': (leaf, past, seq) => {
    const heads = t.transpose(t.reshape(leaf([past, seq, 8]), [past, seq, 2, 4]), [0, 2, 1, 3])
    return t.reshape(t.transpose(heads, [0, 2, 1, 3]), [-1, 8])
  },
  'expand to a named dim': (leaf, _, seq) => t.add(t.expand(leaf([1, 4]), [seq, 4]), leaf([seq, 4])),
  'a quarter of the rows': (leaf, _, seq) => {
    const rows = leaf([seq, 5])
    const kept = t.sortAscending(t.topK(t.sum(rows, 1), t.scaleDim(seq, 0.25, 'ceil')))
    return t.gather(rows, kept)
  },
  'what is left of them': (leaf, _, seq) => {
    const scores = leaf([seq])
    const dropped = t.subDim(seq, t.scaleDim(seq, 0.3))
    return t.takeAlong(scores, t.topK(scores, dropped, { largest: false }))
  },
  'a counted share': (leaf, _, seq) => t.slice(leaf([seq, 2]), 0, 0, t.countOf(seq, 0.5)),
  'the smaller of two sizes': (leaf, _, seq) => t.slice(leaf([seq, 2]), 0, 0, t.minDim(seq, 3)),
  'one of any': (leaf, _, seq) => t.slice(leaf([seq, 2]), 0, 0, t.oneOf(seq)),
  'a share that rounds to nothing': (leaf, _, seq) => t.slice(leaf([seq, 2]), 0, 0, t.countOf(seq, 0.001)),
  'a tenth, rounded up': (leaf, _, seq) => t.slice(leaf([seq, 2]), 0, 0, t.scaleDim(seq, 0.1, 'ceil')),
  'padding up to a named size': (leaf, past, seq) =>
    t.add(t.pad(leaf([seq, 2]), 0, past, 0), t.concat([leaf([past, 2]), leaf([seq, 2])], 0)),
  positions: (leaf, past) => t.add(t.mul(leaf([past]), 0), t.cast(t.arange(past), 'f32')),
  'one more than a size': (leaf, _, seq) => t.mul(leaf([seq, 1]), t.cast(t.dimValue(t.addDim(seq, 1)), 'f32')),
  'a size as a value': (leaf, _, seq) =>
    t.add(leaf([seq, 1]), t.cast(t.dimValue(t.addDim(t.mulDim(seq, seq), 3)), 'f32')),
  'attention over a cache': (leaf, past, seq) => {
    const [q, k] = [leaf([seq, 4]), t.concat([leaf([past, 4]), leaf([seq, 4])], 0)]
    return t.matmul(t.softmax(t.matmul(q, t.transpose(k))), k)
  },
  'scatter into a named size': (leaf, _, seq) => {
    const scores = leaf([seq])
    return t.scatterAdd([t.addDim(seq, 2)], t.topK(scores, seq), scores)
  },
  'a strided convolution over a named height': (leaf, _, seq) => {
    const image = t.reshape(t.expand(leaf([seq, 1]), [seq, 12]), [1, 2, seq, 6])
    const features = t.conv2d(image, t.constant([1, 2, 3, 4, -1, 1, 0, 2], [1, 2, 2, 2]), { stride: 3, padding: 1 })
    return t.mul(features, t.cast(t.reshape(t.arange(features.shape[2]), [1, 1, -1, 1]), 'f32'))
  },
  'a pooling over a named height': (leaf, _, seq) => {
    const pooled = t.maxPool2d(t.reshape(leaf([seq, 4]), [1, 1, seq, 4]), 2, { padding: [1, 0] })
    return t.reshape(pooled, [-1])
  },
  'a gradient of a mean': (leaf, past, seq) => {
    const x = leaf([past, seq, 2])
    return t.grad(t.sum(t.square(t.mean(x, [0, 1]))), [x])[0]
  },
  'a gradient of rows picked': (leaf, _, seq) => {
    const [rows, scores] = [leaf([seq, 3]), leaf([seq])]
    const picked = t.gather(rows, t.topK(scores, t.scaleDim(seq, 0.5, 'ceil')))
    return t.grad(t.sum(t.mul(picked, picked)), [rows])[0]
  },
  'a gradient through named slices': (leaf, past, seq) => {
    const [a, b] = [leaf([past, 3]), leaf([seq, 3])]
    const both = t.slice(t.concat([a, b], 0), 0, 1)
    return t.grad(t.sum(t.mul(t.softmax(both), both)), [a, b])[1]
  },
}
const sizes = [
  { past: 3, seq: 4 },
  { past: 1, seq: 30 },
  { past: 10, seq: 1 },
]

function traceNamed(program: Builder): t.Tensor {
  let count = 0
  return program((shape) => t.input(`x${count++}`, shape), 'past', 'seq')
}

describe('programs with named dims', () => {
  it.each(Object.entries(programs))('%s', async (_, program) => {
    const compiled = await compile(backend, { out: traceNamed(program) })
    const wanted = new Set(compiled.inputs.map((value) => value.name))
    for (const [seed, { past, seq }] of sizes.entries()) {
      const sampler = new RandomSampler(seed)
      const fixed = program((shape) => sampler.tensor(shape.map(Number), { distinct: true }), past, seq)
      const feeds = [...sampler.leaves].map(
        ([leaf, value]) => [(leaf.attrs as t.Leaf).name, toValue('f32', value)] as const,
      )
      const run = await compiled.run(Object.fromEntries(feeds.filter(([name]) => wanted.has(name))))
      const [expected] = t.evaluate([fixed], sampler.leaves)
      expectClose(toArray(run.values.out), expected, 1e-5, `at past ${past}, seq ${seq}`)
    }
    await compiled.dispose()
  })

  it('evaluate with sizes taken from the leaves', () => {
    const [past, seq] = [t.input('past', ['past', 2]), t.input('seq', ['seq', 2])]
    const out = t.slice(t.concat([past, seq], 0), 0, 'past')
    const rows = ndarray([3, 2], [1, 2, 3, 4, 5, 6])
    expect(
      t.evaluate(
        [out],
        new Map([
          [past, ndarray([1, 2])],
          [seq, rows],
        ]),
      )[0],
    ).toEqual(rows)
  })

  it('compute every size as evaluateDim does', async () => {
    const dims = fc.sample(dim, { numRuns: 150, seed: 5 })
    const leaves = names.map((name) => t.input(name, [name]))
    const all = t.concat(
      dims.map((size) => t.dimValue(size)),
      0,
    )
    const program = await compile(backend, { all, leaves: t.concat(leaves, 0) })
    for (const sizes of fc.sample(bindings, { numRuns: 10, seed: 6 })) {
      const feeds = [...sizes].map(([name, size]) => [name, f32([size], new Float32Array(size))])
      const { values } = await program.run(Object.fromEntries(feeds), { fetch: ['all'] })
      const expected = dims.map((size) => t.evaluateDim(size, sizes) + 0)
      expect(Array.from(values.all.data as BigInt64Array, Number)).toEqual(expected)
    }
    await program.dispose()
  })

  it('says which dim no input has', async () => {
    const out = t.expand(t.sum(t.input('x', ['n']), 0, true), ['m'])
    await expect(compile(backend, { out })).rejects.toThrow('no input has the dim "m"')
  })
})
