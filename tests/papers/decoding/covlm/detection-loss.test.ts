import { describe, expect, it } from 'vitest'
import { decodeBox } from '../../../../src/papers/decoding/covlm/boxes.ts'
import { assigned, detectionLoss, overlapsOf, saidBoxes } from '../../../../src/papers/decoding/covlm/detection-loss.ts'
import { concat, constant, evaluate, grad, input, reshape, type Tensor } from '../../../../src/tensor/index.ts'
import { ndarray } from '../../../../src/tensor/ndarray.ts'
import { Rng } from '../../../../src/world/rng.ts'

const numbers = (x: Tensor, leaves = new Map()): number[] => Array.from(evaluate([x], leaves)[0].data, Number)
const all = (value: number, ...shape: number[]) =>
  constant(new Array(shape.reduce((a, b) => a * b, 1)).fill(value), shape)

describe('SimOTA', () => {
  const matched = (ious: number[][], zone: number[][], real = ious.map(() => 1)) => {
    const [boxes, cells] = [ious.length, ious[0].length]
    const x = constant(ious.flat(), [1, boxes, cells])
    const found = numbers(
      assigned(x, { real: constant(real, [1, boxes]), zone: constant(zone.flat(), [1, boxes, cells]) }),
    )
    return Array.from({ length: boxes }, (_, box) => found.slice(box * cells, (box + 1) * cells))
  }

  it('gives a box as many cells as its ten best IoUs sum up to: 2.3 are two, the cheapest', () => {
    expect(matched([[0.5, 0.9, 0.1, 0.8]], [[1, 1, 1, 1]])).toEqual([[0, 1, 0, 1]])
  })

  it('gives a box one cell at least, and none that is near no box', () => {
    expect(matched([[0.1, 0.2, 0.9]], [[1, 1, 0]])).toEqual([[0, 1, 0]])
    expect(matched([[0.1, 0.2]], [[0, 0]])).toEqual([[0, 0]])
  })

  it('gives a cell that two boxes take to the cheaper one, and prefers the own zone', () => {
    const ious = [
      [0.9, 0.2, 0],
      [0.6, 0.1, 0],
    ]
    const zone = [
      [1, 1, 0],
      [1, 0, 1],
    ]
    const found = matched(ious, zone)
    expect(found).toEqual([
      [1, 0, 0],
      [0, 0, 0],
    ])
    for (const cell of [0, 1, 2]) expect(found[0][cell] + found[1][cell]).toBeLessThanOrEqual(1)
  })

  it('matches nothing to boxes that only fill a map up', () => {
    expect(matched([[0.9, 0.9]], [[1, 1]], [0])).toEqual([[0, 0]])
  })
})

describe('boxes of cells', () => {
  it('are those that are decoded when it answers', () => {
    const rng = Rng.from(3, 'cells')
    const values = Array.from({ length: 16 * 5 }, () => rng.normal())
    const sides = saidBoxes(constant(values, [1, 16, 5]), 4).map((side) => numbers(side))
    for (const cell of [0, 5, 14]) {
      const box = decodeBox(values.slice(5 * cell, 5 * cell + 5), { x: cell % 4, y: Math.floor(cell / 4) }, 1)
      expect(sides.map((side) => side[cell])).toEqual(
        [box.x1, box.y1, box.x2, box.y2].map((at) => expect.closeTo(at, 5)),
      )
    }
  })

  it('overlap by intersection over union', () => {
    const said = [0, 0, 2, 2].map((side) => all(side, 1, 1))
    const boxes = constant([0, 0, 2, 2, 1, 1, 3, 3, 5, 5, 6, 6], [1, 3, 4])
    expect(numbers(overlapsOf(said, boxes))).toEqual([1, 1 / 7, 0].map((iou) => expect.closeTo(iou, 5)))
  })
})

describe('the loss of detection', () => {
  const G = 4
  const truths = {
    boxes: constant([1, 1, 3, 3], [1, 1, 4]),
    real: all(1, 1, 1),
    zone: constant(
      Array.from({ length: 16 }, (_, cell) => Number([5, 6, 9, 10].includes(cell))),
      [1, 1, 16],
    ),
  }
  /** Every cell says the box, and is sure of it where it stands for it. */
  const perfect = (sure: number) =>
    Array.from({ length: 16 }, (_, cell) => {
      const isNear = [5, 6, 9, 10].includes(cell)
      return [2 - (cell % 4), 2 - Math.floor(cell / 4), Math.log(2), Math.log(2), isNear ? sure : -sure]
    }).flat()
  const loss = (said: number[], counts = 1) =>
    numbers(detectionLoss(constant(said, [1, 16, 5]), truths, G, all(counts, 1)))[0]

  it('is nothing where all is said rightly and surely, and where no map counts', () => {
    expect(loss(perfect(40))).toBeCloseTo(0, 5)
    expect(loss(perfect(0), 0)).toBe(0)
    expect(loss(perfect(0))).toBeCloseTo((16 * Math.log(2)) / 4, 4)
  })

  it('goes down along its gradient', () => {
    const rng = Rng.from(1, 'said')
    let values = Array.from({ length: 80 }, () => 0.3 * rng.normal())
    const said = input('said', [1, 16, 5])
    const total = detectionLoss(said, truths, G, all(1, 1))
    const [gradient] = grad(total, [said])
    const both = concat([reshape(total, [1]), reshape(gradient, [80])], 0)
    const steps: number[] = []
    for (let step = 0; step < 80; step++) {
      const [now, ...slopes] = numbers(both, new Map([[said, ndarray([1, 16, 5], values)]]))
      expect(slopes.every(Number.isFinite)).toBe(true)
      steps.push(now)
      values = values.map((value, at) => value - 0.2 * slopes[at])
    }
    expect(steps.at(-1)).toBeLessThan(0.5 * steps[0])
  })
})
