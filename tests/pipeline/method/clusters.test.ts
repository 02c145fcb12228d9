import { describe, expect, it } from 'vitest'
import { allOf, clusterMeans, densityPeaks, distances, forAll } from '../../../src/pipeline/method/clusters.ts'
import { constant, equal, evaluate, type Tensor } from '../../../src/tensor/index.ts'
import { noise } from '../../papers/tokens-of.ts'

const numbers = (...tensors: Tensor[]) => evaluate(tensors, new Map()).map(({ data }) => [...data])
const set = (points: readonly number[][]) => constant(points.flat(), [1, points.length, points[0].length])

/** Centres of a set, best first, and the means of their clusters where these are. */
function found(points: readonly number[][], wanted: number, marks = points.map(() => 1)) {
  const all = { x: set(points), isThere: equal(constant(marks, [1, marks.length]), 1) }
  const clusters = densityPeaks(all, forAll(wanted, all), 4, forAll(4, all))
  const [order, means] = numbers(clusters.order, clusterMeans(all, clusters))
  const width = points[0].length
  return order.slice(0, wanted).map((at) => ({ at, mean: means.slice(at * width, (at + 1) * width) }))
}

describe('density peaks', () => {
  const points = noise(12, 3)

  it('of marked points are those of the points by themselves', () => {
    const marks = points.map((_, at) => Number(at % 3 !== 1))
    const places = marks.flatMap((mark, at) => (mark ? [at] : []))
    const alone = found(
      places.map((at) => points[at]),
      3,
    )
    expect(found(points, 3, marks)).toEqual(alone.map(({ at, mean }) => ({ at: places[at], mean })))
  })

  it('of all points are those of points that are all marked', () => {
    const all = allOf(set(points))
    const [marked] = numbers(densityPeaks(all, forAll(3, all), 4, forAll(4, all)).order)
    expect(found(points, 3).map(({ at }) => at)).toEqual(marked.slice(0, 3))
  })

  it('are the first of equal points', () => {
    expect(found(new Array(5).fill([0.1, 0.7, 0.3]), 2).map(({ at }) => at)).toEqual([0, 1])
  })

  it('count each point as no distance from itself, whatever rounding makes of large values', () => {
    const [apart] = numbers(distances(set(points.map((row) => row.map((x) => 1e4 * x)))))
    for (const at of points.keys()) expect(apart[at * (points.length + 1)]).toBe(0)
  })
})
