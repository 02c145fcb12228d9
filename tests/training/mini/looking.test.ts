import { expect, it } from 'vitest'
import type { DecoderLayer } from '../../../src/models/language/sequence.ts'
import { constant, evaluate, type Leaf, type Tensor, topologicalOrder } from '../../../src/tensor/index.ts'
import { ndarray } from '../../../src/tensor/ndarray.ts'
import { lookingLoss } from '../../../src/training/mini/looking.ts'
import { namingParts, partsOf } from '../../../src/training/mini/parts.ts'

/** Four patches and one question: what its last token gives to them, by each of three heads. */
const layerOf = (...heads: readonly (readonly number[])[]): DecoderLayer => {
  const rows = heads.flatMap((share) => [...new Array<number>(20).fill(0), ...share, 1 - share.reduce((a, b) => a + b)])
  return { attention: () => constant(rows, [1, heads.length, 5, 5]) } as unknown as DecoderLayer
}

function lossOf(layers: readonly DecoderLayer[], places: readonly number[], pointed: readonly number[]): number {
  const loss = lookingLoss(layers, 2, 1, 'still.')
  const given: Record<string, ReturnType<typeof ndarray>> = {
    'still.places': ndarray([1, 1, 8], [...places]),
    'still.pointed': ndarray([1, 1, 2], [...pointed]),
  }
  const inputs = topologicalOrder([loss]).filter(({ attrs }) => given[(attrs as Leaf | null)?.name ?? ''])
  const values = new Map<Tensor, ReturnType<typeof ndarray>>(
    inputs.map((leaf) => [leaf, given[(leaf.attrs as Leaf).name]]),
  )
  return Number(evaluate([loss], values)[0].data[0])
}

const layers = [
  layerOf([0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4], [1, 0, 0, 0]),
  layerOf([0.5, 0.1, 0.1, 0.1], [0.3, 0.3, 0.1, 0.1], [0, 0, 0, 1]),
]
/** The upper left patch, then the lower two. */
const boxes = [0.1, 0.1, 0.4, 0.4, 0.1, 0.6, 0.9, 0.9]

it('asks the last layer but for the object, the one before it for what that is told from, of the first two heads', () => {
  const [object, other] = [-Math.log((0.5 + 0.3) / 2 + 1e-3), -Math.log(0.3 + 0.4 + 1e-3)]
  expect(lossOf(layers, boxes, [1, 0])).toBeCloseTo(object, 5)
  expect(lossOf(layers, boxes, [0, 1])).toBeCloseTo(other, 5)
  expect(lossOf(layers, boxes, [1, 1])).toBeCloseTo(object + other, 5)
  expect(lossOf(layers, boxes, [0, 0])).toBe(0)
})

it('asks nothing of layers that are not there', () => {
  expect(lossOf([], boxes, [1, 1])).toBe(0)
})

it('names are learnt from single pictures alone, and from more names', () => {
  const [part, ...others] = namingParts({ batch: 3, text: 64 })
  expect(others).toEqual([])
  const share = (lesson: typeof part.lesson) => {
    const asked = Array.from({ length: 60 }, (_, index) =>
      lesson({ split: 'train', seed: 5, index, scenes: part.scenes }).ask(),
    ).flat(2)
    return asked.filter(({ task }) => task === 'thing-name').length / asked.length
  }
  expect(share(part.lesson)).toBeGreaterThan(1.25 * share(partsOf({ batch: 16, text: 64 })[0].lesson))
})
