import { afterAll, describe, expect, it } from 'vitest'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import * as t from '../../src/tensor/index.ts'
import { ndarray } from '../../src/tensor/ndarray.ts'
import { checkCase, expectClose, RandomSampler, runOn } from './harness.ts'

const backend = new NodeBackend()
afterAll(() => backend.dispose())

const composites: Record<string, (r: RandomSampler) => t.Tensor> = {
  logsumexp: (r) => t.logsumexp(r.tensor([2, 3, 4], { low: -5, high: 5 }), r.pick([1, -1]), r.pick([true, false])),
  sort: (r) => t.sort(r.tensor([3, 6], { distinct: true }), { descending: r.pick([true, false]) }),
  argsort: (r) => t.argsort(r.tensor([3, 6], { low: 0, high: 3, dtype: 'i64' })),
  tile: (r) =>
    t.tile(
      r.tensor([2, 3]),
      r.pick([
        [2, 1],
        [1, 3],
        [2, 2],
      ]),
    ),
  batchNorm: (r) =>
    t.batchNorm(r.tensor([2, 3, 2, 2]), {
      mean: r.tensor([3]),
      variance: r.tensor([3], { low: 0.5, high: 2 }),
      scale: r.tensor([3]),
      shift: r.tensor([3]),
    }),
  crossEntropy: (r) => t.crossEntropy(r.tensor([2, 3, 5]), r.tensor([2, 3], { low: 0, high: 4, dtype: 'i64' })),
  weightedCrossEntropy: (r) => {
    const weights = r.tensor([4], { low: 0.1, high: 1 })
    return t.crossEntropy(r.tensor([4, 5]), r.tensor([4], { low: 0, high: 4, dtype: 'i64' }), { weights })
  },
  weightedMean: (r) => t.weightedMean(r.tensor([3, 4]), r.tensor([3, 4], { low: 0.1, high: 1 })),
  contract: (r) =>
    t.contract(r.tensor([2, 3, 4]), r.tensor([4, 5, 2]), [
      [0, 2],
      [2, 0],
    ]),
  interpolate: (r) => {
    const mode = r.pick<t.InterpolationMode>(['nearest', 'bilinear', 'bicubic'])
    return t.interpolate(r.tensor([2, 3, 4]), [5, 7], {
      mode,
      alignCorners: mode !== 'nearest' && r.pick([true, false]),
    })
  },
  select: (r) => t.select(r.tensor([2, 3], { low: 0, high: 1, dtype: 'bool' }), r.tensor([2, 3]), 0.5),
  clip: (r) => t.clip(r.tensor([2, 5], { distinct: true }), -0.5, 0.5),
  flip: (r) => t.flip(r.tensor([2, 3]), r.pick([0, 1])),
  split: (r) => t.concat(t.split(r.tensor([2, 6]), 1, [1, 2, 3]).reverse(), 1),
}

describe('composites', () => {
  it.each(Object.entries(composites))('%s: ONNX Runtime and differences agree', async (name, build) => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const sampler = new RandomSampler(seed)
      await checkCase(backend, { out: build(sampler), values: sampler.leaves }, seed, `${name} (seed ${seed})`)
    }
  })

  it('straightThrough has the value of one and the gradient of the other', () => {
    const soft = t.input('soft', [3])
    const hard = t.greater(soft, 0)
    const out = t.straightThrough(hard, t.sigmoid(soft))
    const loss = t.sum(t.mul(out, t.constant([1, 2, 3], [3])))
    const leaves = new Map([[soft, ndarray([3], [-1, 0.5, 2])]])
    const slope = (x: number) => 1 / (1 + Math.exp(-x)) / (1 + Math.exp(x))
    const [value, gradient] = t.evaluate([out, t.grad(loss, [soft])[0]], leaves)
    expect([...value.data]).toEqual([0, 1, 1])
    expectClose(gradient, ndarray([3], [slope(-1), 2 * slope(0.5), 3 * slope(2)]), 1e-12, 'gradient')
  })

  it('crossEntropy ignores positions of weight 0 and takes named sizes', () => {
    const [logits, targets, weights] = [t.input('l', ['n', 3]), t.input('t', ['n'], 'i64'), t.input('w', ['n'])]
    const values = new Map([
      [logits, ndarray([2, 3], [1, 2, 3, 9, 9, 9])],
      [targets, ndarray([2], [2, 0])],
      [weights, ndarray([2], [1, 0])],
    ])
    const expected = Math.log(Math.exp(-2) + Math.exp(-1) + 1)
    const losses = [t.crossEntropy(logits, targets, { weights }), t.crossEntropy(logits, targets)]
    const [one, both] = t.evaluate(losses, values)
    expect(one.data[0]).toBeCloseTo(expected, 12)
    expect(both.data[0]).toBeCloseTo((expected + Math.log(3)) / 2, 12)
  })

  it('crossEntropy teaches nothing where every weight is 0', () => {
    const logits = t.input('l', [2, 3])
    const loss = t.crossEntropy(logits, t.constant([0, 1], [2], 'i64'), { weights: t.constant([0, 0], [2]) })
    const values = new Map([[logits, ndarray([2, 3], [1, 2, 3, 9, 8, 7])]])
    const [value, gradient] = t.evaluate([loss, t.grad(loss, [logits])[0]], values)
    expect([...value.data, ...gradient.data].map(Math.abs)).toEqual(new Array(7).fill(0))
  })

  it('names what does not fit', () => {
    const x = t.input('x', [2, 3])
    expect(() => t.tile(x, [2])).toThrow(/^tile\(f32\[2, 3\]\)/)
    expect(() => t.contract(x, x, [[0, 1]])).toThrow(/^contract\(f32\[2, 3\], f32\[2, 3\]\): axes 0 and 1 differ/)
    expect(() => t.crossEntropy(x, t.input('y', [3], 'i64'))).toThrow(/must be \[2\]/)
    expect(() => t.interpolate(t.input('z', ['h', 4]), [2, 2])).toThrow(/axis -2 must have a fixed size, it is h/)
  })
})

/** ONNX's own resize, as PyTorch exports it. */
const resize = t.op({
  name: 'resize',
  args: (x: t.Tensor, size: readonly number[], attributes: Record<string, string>) => ({
    inputs: [x],
    attrs: { size, attributes },
  }),
  shape: ([x], { size }) => ({ shape: [...x.shape.slice(0, 2), ...size], dtype: x.dtype }),
  onnx: (emit, [x], { attributes }, node) => {
    const cubic: Record<string, t.OnnxAttribute> =
      attributes.mode === 'cubic' ? { cubic_coeff_a: { float: -0.75 } } : {}
    return emit.node('Resize', [x, '', '', emit.dims(node.shape)], { ...attributes, ...cubic })
  },
  reference: () => {
    throw new Error('runs on ONNX Runtime only')
  },
})

describe('interpolate is ONNX Resize', () => {
  const modes = { nearest: 'nearest', bilinear: 'linear', bicubic: 'cubic' } as const
  const cases = (['nearest', 'bilinear', 'bicubic'] as const).flatMap((mode) =>
    [false, ...(mode === 'nearest' ? [] : [true])].map((alignCorners) => [mode, alignCorners] as const),
  )
  it.each(cases)('%s, alignCorners %s', async (mode, alignCorners) => {
    for (const size of [
      [9, 4],
      [3, 11],
      [1, 1],
      [6, 14],
    ] as const) {
      const sampler = new RandomSampler(size[0])
      const x = sampler.tensor([1, 2, 6, 7])
      const transformation = alignCorners ? 'align_corners' : mode === 'nearest' ? 'asymmetric' : 'half_pixel'
      const attributes = { mode: modes[mode], coordinate_transformation_mode: transformation, nearest_mode: 'floor' }
      const outputs = [t.interpolate(x, size, { mode, alignCorners }), resize(x, size, attributes)]
      const [actual, expected] = await runOn(backend, outputs, sampler.leaves)
      expectClose(actual, expected, 1e-5, `${mode} to ${size}`)
    }
  })
})
