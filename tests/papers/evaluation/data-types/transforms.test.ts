import { describe, expect, it } from 'vitest'
import {
  informedness,
  meanInformedness,
  nearestLabels,
} from '../../../../src/papers/evaluation/data-types/informedness.ts'
import {
  addNoise,
  blur,
  brighten,
  contrast,
  cropAndZoom,
  cutMix,
  DATA_TYPES,
  flip,
  mixUp,
  moments,
  sharpness,
  shufflePatches,
  turnLeft,
  turnRight,
} from '../../../../src/papers/evaluation/data-types/transforms.ts'
import { Rng } from '../../../../src/world/rng.ts'
import { picture } from '../../../pipeline/tiny-model.ts'

const rng = () => Rng.from(1, 'alter')
const gray = (data: number[], width: number, height: number) => ({
  width,
  height,
  data: Uint8Array.from(data.flatMap((x) => [x, x, x])),
})
const red = ({ data }: { data: ArrayLike<number> }) => Array.from(data).filter((_, at) => at % 3 === 0)

describe('alterations', () => {
  it('turn and flip as they say, and back', () => {
    const image = gray([1, 2, 3, 4, 5, 6], 3, 2)
    expect(turnLeft(image)).toEqual(gray([3, 6, 2, 5, 1, 4], 2, 3))
    expect(turnRight(turnLeft(image))).toEqual(image)
    expect(red(flip(image))).toEqual([4, 5, 6, 1, 2, 3])
    expect(flip(flip(picture()))).toEqual(picture())
  })

  it('keep every pixel of shuffled patches, in another place', () => {
    const shuffled = shufflePatches(picture(), rng())
    expect(shuffled.data).not.toEqual(picture().data)
    expect(shuffled.data.slice().sort()).toEqual(picture().data.slice().sort())
    const odd = shufflePatches(picture(1, 43, 41), rng())
    expect(odd.data.slice().sort()).toEqual(picture(1, 43, 41).data.slice().sort())
  })

  it('crop half of each side', () => {
    const image = gray(
      Array.from({ length: 64 }, (_, i) => i),
      8,
      8,
    )
    const zoomed = red(cropAndZoom(image, rng()))
    expect(zoomed[0]).toBe(zoomed[1])
    expect(new Set(zoomed).size).toBeLessThanOrEqual(16)
  })

  it('mix in as much of another picture as they say', () => {
    const [black, white] = [gray([0], 1, 1), gray([200], 1, 1)]
    expect(red(mixUp(white, rng(), black))).toEqual([130])
    const cut = red(cutMix(gray(new Array(36).fill(0), 6, 6), rng(), gray(new Array(36).fill(9), 6, 6)))
    expect(cut.filter((x) => x === 9)).toHaveLength(4)
  })

  it('scale light and contrast', () => {
    expect(red(brighten(gray([100, 200, 0], 3, 1), 1.5))).toEqual([150, 255, 0])
    expect(red(contrast(gray([100, 120], 2, 1), 0.5))).toEqual([105, 115])
  })

  it('add noise by the variance, and blur by the edges', () => {
    const soft = contrast(picture(), 0.5)
    const ratio = moments(addNoise(soft, rng()).data).variance / moments(soft.data).variance
    expect(Math.abs(ratio - 1.4)).toBeLessThan(0.028)
    expect(sharpness(picture()) / sharpness(blur(picture()))).toBeGreaterThan(1.4)
    const flat = gray(new Array(25).fill(7), 5, 5)
    expect(blur(flat)).toEqual(flat)
  })

  it('are functions of picture and seed, each another, none of them a change of the picture given', () => {
    const [image, other] = [picture(1), picture(2)]
    const made = DATA_TYPES.map(({ apply }) => apply(image, rng(), other).data.join())
    expect(new Set(made).size).toBe(DATA_TYPES.length)
    expect(DATA_TYPES.map(({ apply }) => apply(image, rng(), other).data.join())).toEqual(made)
    expect(image).toEqual(picture(1))
    expect(new Set(DATA_TYPES.map(({ id }) => id)).size).toBe(DATA_TYPES.length)
  })
})

describe('informedness', () => {
  const labels = [0, 0, 1, 1, 2, 2]
  it('is that of the example worked by hand; 0 of one answer for all', () => {
    expect(informedness(labels, [0, 1, 1, 1, 0, 2], 3)).toEqual([0.25, 0.75, 0.5])
    expect(meanInformedness(labels, labels, 3)).toBe(1)
    expect(informedness(labels, [2, 2, 2, 2, 2, 2], 3)).toEqual([0, 0, 0])
  })

  it('has neighbours beside it, without the point itself', () => {
    const rows = [
      [1, 0],
      [0.9, 0.1],
      [0, 1],
      [0.1, 0.9],
    ]
    expect(nearestLabels(rows, [0, 0, 1, 1], 1)).toEqual([0, 0, 1, 1])
    expect(nearestLabels(rows, [0, 1, 1, 1], 3)).toEqual([1, 1, 1, 1])
  })
})
