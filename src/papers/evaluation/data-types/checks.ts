/** What each alteration must keep, and the score worked by hand. */
import type { RgbImage } from '../../../media/image.ts'
import { Rng } from '../../../world/rng.ts'
import { questionsOf } from '../../reports/asking.ts'
import type { Lab } from '../../reports/lab.ts'
import type { Exact } from '../../reports/row.ts'
import { informedness, meanInformedness, nearestLabels } from './informedness.ts'
import {
  addNoise,
  blur,
  contrast,
  flip,
  moments,
  sharpness,
  shufflePatches,
  turnLeft,
  turnRight,
} from './transforms.ts'

const different = (a: RgbImage, b: RgbImage): number => a.data.reduce((sum, x, at) => sum + Number(x !== b.data[at]), 0)

const sorted = ({ data }: RgbImage): RgbImage['data'] => data.slice().sort((a, b) => a - b)

const beyond = (value: number, wanted: number, allowed: number): number =>
  Math.abs(value - wanted) <= allowed ? 0 : Math.abs(value - wanted)

export async function* checks(lab: Lab): AsyncGenerator<Exact> {
  yield* scoreRows()
  const images = (await questionsOf(lab)).map(({ image }) => image)
  const most = (of: (image: RgbImage, at: number) => number) => Math.max(...images.map(of))
  const count = images.length
  yield {
    name: 'pixels that turning left and right changes',
    value: most((image) => different(turnRight(turnLeft(image)), image)),
    count,
  }
  yield {
    name: 'pixels that flipping twice changes',
    value: most((image) => different(flip(flip(image)), image)),
    count,
  }
  const shuffled = (image: RgbImage, at: number) => shufflePatches(image, Rng.from(lab.seed, 'patches', at))
  const inCells = (image: RgbImage, at: number) => {
    const [before, after] = [sorted(image), sorted(shuffled(image, at))]
    return before.reduce((sum, x, index) => sum + Number(x !== after[index]), 0)
  }
  yield { name: 'values that shuffling patches makes or loses', value: most(inCells), count }
  const variance = (image: RgbImage, at: number) =>
    beyond(
      moments(addNoise(image, Rng.from(lab.seed, 'noise', at)).data).variance / moments(image.data).variance,
      1.4,
      0.028,
    )
  yield { name: 'noise: ratio of variances off 1.4 by more than 2 %', value: most(variance), count }
  const flatter = (image: RgbImage) =>
    beyond(Math.sqrt(moments(contrast(image, 0.5).data).variance / moments(image.data).variance), 0.5, 0.01)
  yield { name: 'low contrast: ratio of deviations off one half', value: most(flatter), count }
  const mean = (image: RgbImage) => beyond(moments(contrast(image, 0.5).data).mean, moments(image.data).mean, 0.5)
  yield { name: 'low contrast: mean that moves by more than half a step', value: most(mean), count }
  const sharp = images.filter((image) => sharpness(image) / sharpness(blur(image)) < 1.4).length
  yield { name: 'pictures that are not 1.4 times as blurred', value: sharp, count }
}

function* scoreRows(): Generator<Exact> {
  const [labels, said] = [
    [0, 0, 1, 1, 2, 2],
    [0, 1, 1, 1, 0, 2],
  ]
  const off = informedness(labels, said, 3).map((value, k) => beyond(value, [0.25, 0.75, 0.5][k], 1e-12))
  yield { name: 'informedness of the worked example: off 0.25, 0.75, 0.5', value: Math.max(...off) }
  const constant = informedness(labels, new Array(6).fill(1), 3)
  yield { name: 'informedness of one answer for all', value: Math.max(...constant.map(Math.abs)) }
  yield { name: 'mean of right answers: off 1', value: 1 - meanInformedness(labels, labels, 3) }
  const points = labels.map((label) => [0, 1, 2].map((k) => Number(k === label)))
  const missed = nearestLabels(points, labels, 1).filter((label, at) => label !== labels[at]).length
  yield { name: 'nearest neighbours of points that lie by class: missed', value: missed }
}
