import { describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { clustered, ratersOf } from '../../../src/papers/reducer/sparsevlm.ts'
import { constant, evaluate, type Tensor } from '../../../src/tensor/index.ts'
import { atLayer, left, promptOf } from '../sequence-run.ts'
import { sequenceOf } from '../site.ts'
import { noise } from '../tokens-of.ts'

const numbers = (...tensors: Tensor[]) => evaluate(tensors, new Map()).map(({ data }) => [...data])
const raters = (visual: number[][], text: number[][]) => numbers(ratersOf(promptOf({ visual, text })))[0]

/** After block 2 of 32, with visual tokens that raters look at the more the later they are. */
function stage(options: string, n: number, visual = noise(n, 4)) {
  const text = noise(3, 4, 5)
  const seq = promptOf({ visual, text })
  const keys = [...visual.map((_, at) => [at / n]), [0], [0], [0]]
  const looks = { queries: keys.map(() => [4]), keys }
  const start = { ...seq, ran: [{ input: seq }] as never }
  return left(atLayer(parseMethod(`sparsevlm:${options}`), 2, start, { looks, layers: 32 }))
}

describe('the raters of sparsevlm', () => {
  it('are the words that visual tokens are most like, each as much as the others', () => {
    // V T^T: the first word is like both tokens, the second like none, the third like one.
    const found = raters(
      [
        [2, 0],
        [2, 1],
      ],
      [
        [1, 0],
        [0, -3],
        [0.9, 0],
      ],
    )
    expect(found).toEqual([0.5, 0, 0.5])
  })

  it('are all where none stands out', () => {
    expect(
      raters(
        [[1, 0]],
        [
          [1, 1],
          [1, 1],
        ],
      ),
    ).toEqual([0.5, 0.5])
  })

  it('are none of the text before the image', () => {
    const seq = sequenceOf({ visual: [[1, 2]], states: [9, 9, 1, 0, 1, 0, 1, 0, 0, 1], length: 5 })
    expect(numbers(ratersOf(seq))[0]).toEqual([0, 1, 0])
  })
})

describe('density peaks', () => {
  it('find two clusters, and their plain means', () => {
    const points = [
      [0, 0],
      [0, 1],
      [10, 10],
      [10, 12],
    ]
    const { centres, means } = clustered(constant(points.flat(), [1, 4, 2]), 2)
    const [found, rows] = numbers(centres, means)
    expect(new Set(found.map((at) => Math.floor(at / 2)))).toEqual(new Set([0, 1]))
    const [first, second] = found[0] < 2 ? [0, 2] : [2, 0]
    expect(rows.slice(first, first + 2)).toEqual([0, 0.5])
    expect(rows.slice(second, second + 2)).toEqual([10, 11])
  })

  it('keep the sum of all points, each cluster counted by its members', () => {
    const points = noise(20, 3)
    const { means } = clustered(constant(points.flat(), [1, 20, 3]), 1)
    const [rows] = numbers(means)
    for (const channel of [0, 1, 2])
      expect(rows[channel] * 20).toBeCloseTo(
        points.reduce((sum, row) => sum + row[channel], 0),
        9,
      )
  })

  it('are the first of equals', () => {
    expect(numbers(clustered(constant(new Array(8).fill(1), [1, 4, 2]), 2).centres)[0]).toEqual([0, 1])
  })
})

describe('sparsevlm', () => {
  it('leaves 309 of 576 for 300 that stay and 9 that are recycled, as LLMC+ counts', () => {
    expect(stage('preset=192,count=beside', 576).visual).toHaveLength(309)
    expect(stage('preset=192', 576).visual).toHaveLength(300)
    expect(stage('preset=192,recycle=false', 576).visual).toHaveLength(300)
  })

  it('has the best in raster order, then means at the positions of their centres', () => {
    const visual = noise(20, 4)
    const { source, positions, states, visual: slots } = stage('keep=.027,count=beside', 20, visual) // 6 of 20
    expect(slots).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(source.slice(0, 6)).toEqual([14, 15, 16, 17, 18, 19])
    // Recycled: 5 of the 14 others, 13 to 9; one cluster.
    expect(source[6]).toBeGreaterThanOrEqual(9)
    expect(source[6]).toBeLessThan(14)
    expect(positions).toEqual([14, 15, 16, 17, 18, 19, source[6], 20, 21, 22])
    const mean = [0, 1, 2, 3].map((channel) =>
      [9, 10, 11, 12, 13].reduce((sum, at) => sum + visual[at][channel] / 5, 0),
    )
    states[6].forEach((value, channel) => {
      expect(value).toBeCloseTo(mean[channel], 6)
    })
  })

  it('changes nothing where all are asked for', () => {
    expect(stage('keep=1', 12).source).toEqual([...Array(12).keys()])
    expect(stage('keep=1', 12).states.slice(0, 12)).toEqual(noise(12, 4))
  })

  it('acts after blocks 2, 6 and 15 of 32 only', () => {
    const seq = promptOf({ visual: noise(8, 2), text: noise(2, 2) })
    const looks = { queries: noise(10, 2), keys: noise(10, 2) }
    const acts = Array.from({ length: 32 }, (_, layer) => {
      const start = { ...seq, ran: layer === 0 ? [] : ([{ input: seq }] as never) }
      return left(atLayer(parseMethod('sparsevlm:keep=.25'), layer, start, { looks, layers: 32 })).source.length < 8
    })
    expect(acts.flatMap((acted, layer) => (acted ? [layer] : []))).toEqual([2, 6, 15])
  })

  it('refuses presets that LLMC+ does not have', () => {
    expect(() => parseMethod('sparsevlm:preset=100')).toThrow(/preset/)
  })
})
