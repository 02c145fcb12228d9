/** Ways in which a picture is altered without showing anything else: pure functions of pixels and a seed. */
import type { RgbImage } from '../../../media/image.ts'
import type { Rng } from '../../../world/rng.ts'

export interface DataType {
  readonly id: string
  readonly category: 'geometric' | 'pixel'
  /** What fills "this is a ... image". */
  readonly description: string
  /** @param other another picture of the same size, for types that mix two */
  readonly apply: (image: RgbImage, rng: Rng, other: RgbImage) => RgbImage
}

/** Each pixel of the result is one of the source: `from` gives its column and row there. */
function remap({ width, height, data }: RgbImage, from: (x: number, y: number) => readonly [number, number]): RgbImage {
  const out = new Uint8Array(data.length)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [sx, sy] = from(x, y)
      for (let c = 0; c < 3; c++) out[3 * (y * width + x) + c] = data[3 * (sy * width + sx) + c]
    }
  return { width, height, data: out }
}

/** A square turned by 90 degrees counter-clockwise; what is no square is turned as an image of swapped sides. */
export function turnLeft({ width, height, data }: RgbImage): RgbImage {
  const out = new Uint8Array(data.length)
  for (let y = 0; y < width; y++)
    for (let x = 0; x < height; x++)
      for (let c = 0; c < 3; c++) out[3 * (y * height + x) + c] = data[3 * (x * width + (width - 1 - y)) + c]
  return { width: height, height: width, data: out }
}

export const turnRight = (image: RgbImage): RgbImage => turnLeft(turnLeft(turnLeft(image)))

/** Top to bottom. */
export const flip = (image: RgbImage): RgbImage => remap(image, (x, y) => [x, image.height - 1 - y])

const CELLS = 5

/** A grid of 5 x 5 cells in another order; pixels beyond whole cells stay where they are. */
export function shufflePatches(image: RgbImage, rng: Rng): RgbImage {
  const [w, h] = [Math.floor(image.width / CELLS), Math.floor(image.height / CELLS)]
  const order = rng.shuffle(Array.from({ length: CELLS * CELLS }, (_, i) => i))
  return remap(image, (x, y) => {
    if (x >= w * CELLS || y >= h * CELLS) return [x, y]
    const source = order[Math.floor(y / h) * CELLS + Math.floor(x / w)]
    return [(source % CELLS) * w + (x % w), Math.floor(source / CELLS) * h + (y % h)]
  })
}

/** A random half of each side, at full size again. */
export function cropAndZoom(image: RgbImage, rng: Rng): RgbImage {
  const [left, top] = [rng.int(0, image.width >> 1), rng.int(0, image.height >> 1)]
  return remap(image, (x, y) => [
    Math.min(image.width - 1, left + (x >> 1)),
    Math.min(image.height - 1, top + (y >> 1)),
  ])
}

const bytes = (image: RgbImage, value: (x: number, at: number) => number): RgbImage => ({
  ...image,
  data: Uint8Array.from(image.data, (x, at) => Math.min(255, Math.max(0, Math.round(value(x, at))))),
})

/** 0.65 of the picture and 0.35 of another. */
export const mixUp = (image: RgbImage, _: Rng, other: RgbImage): RgbImage =>
  bytes(image, (x, at) => 0.65 * x + 0.35 * other.data[at])

/** A part of another picture, a third of each side, in a random place. */
export function cutMix(image: RgbImage, rng: Rng, other: RgbImage): RgbImage {
  const [w, h] = [Math.ceil(image.width / 3), Math.ceil(image.height / 3)]
  const [left, top] = [rng.int(0, image.width - w), rng.int(0, image.height - h)]
  return bytes(image, (x, at) => {
    const pixel = Math.floor(at / 3)
    const [column, row] = [pixel % image.width, Math.floor(pixel / image.width)]
    return column >= left && column < left + w && row >= top && row < top + h ? other.data[at] : x
  })
}

export function moments(data: ArrayLike<number>): { mean: number; variance: number } {
  let [sum, squares] = [0, 0]
  for (let i = 0; i < data.length; i++) {
    sum += data[i]
    squares += data[i] * data[i]
  }
  const mean = sum / data.length
  return { mean, variance: squares / data.length - mean * mean }
}

const NOISE_RATIO = 1.4

/** Noise of which the variance of the pixels becomes 1.4 times; sigma by bisection, since clipping lowers it. */
export function addNoise(image: RgbImage, rng: Rng): RgbImage {
  const { variance } = moments(image.data)
  const drawn = Float32Array.from(image.data, () => rng.normal())
  const noisy = (sigma: number) => bytes(image, (x, at) => x + sigma * drawn[at])
  let [low, high] = [0, 255]
  for (let step = 0; step < 24; step++) {
    const sigma = (low + high) / 2
    if (moments(noisy(sigma).data).variance < NOISE_RATIO * variance) low = sigma
    else high = sigma
  }
  return noisy((low + high) / 2)
}

/** Variance of the Laplacian of the gray values: it falls as a picture is blurred. */
export function sharpness({ width, height, data }: RgbImage): number {
  const gray = (x: number, y: number) => {
    const at = 3 * (y * width + x)
    return 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]
  }
  const values: number[] = []
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++)
      values.push(gray(x - 1, y) + gray(x + 1, y) + gray(x, y - 1) + gray(x, y + 1) - 4 * gray(x, y))
  return moments(values).variance
}

const BLUR_RATIO = 1.4
const MOST_BLURS = 20

/** A disk of radius 1 again and again, until the picture is 1.4 times as blurred; one without edges stays. */
export function blur(image: RgbImage): RgbImage {
  const before = sharpness(image)
  let blurred = image
  for (let round = 0; round < MOST_BLURS; round++) {
    blurred = diskOf(blurred)
    if (before / (sharpness(blurred) || Number.MIN_VALUE) >= BLUR_RATIO) break
  }
  return blurred
}

const DISK = [
  [0, 0],
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
] as const

function diskOf(image: RgbImage): RgbImage {
  const { width, height, data } = image
  const inside = (value: number, size: number) => Math.min(size - 1, Math.max(0, value))
  return bytes(image, (_, at) => {
    const pixel = Math.floor(at / 3)
    const [x, y] = [pixel % width, Math.floor(pixel / width)]
    const near = DISK.map(([dx, dy]) => data[3 * (inside(y + dy, height) * width + inside(x + dx, width)) + (at % 3)])
    return near.reduce((sum, value) => sum + value, 0) / DISK.length
  })
}

/** The value of HSV times a factor, clipped: hue and saturation stay. */
export function brighten(image: RgbImage, factor: number): RgbImage {
  const scale = (at: number) => {
    const start = at - (at % 3)
    const value = Math.max(image.data[start], image.data[start + 1], image.data[start + 2])
    return value === 0 ? 1 : Math.min(255, value * factor) / value
  }
  return bytes(image, (x, at) => x * scale(at))
}

/** `mean + factor (x - mean)`. */
export function contrast(image: RgbImage, factor: number): RgbImage {
  const { mean } = moments(image.data)
  return bytes(image, (x) => mean + factor * (x - mean))
}

const type = (category: DataType['category'], id: string, description: string, apply: DataType['apply']): DataType => ({
  category,
  id,
  description,
  apply,
})

/** Those of the 27 that pixels alone make; an order that results are shown in. */
export const DATA_TYPES: readonly DataType[] = [
  type('geometric', 'left-rotate', 'left-rotated', (image) => turnLeft(image)),
  type('geometric', 'right-rotate', 'right-rotated', (image) => turnRight(image)),
  type('geometric', 'patch-and-reshuffle', 'patched and reshuffled', shufflePatches),
  type('geometric', 'crop-and-zoom', 'randomly cropped and zoomed', cropAndZoom),
  type('geometric', 'vertical-flip', 'vertically flipped', (image) => flip(image)),
  type('geometric', 'mixup', 'mixed', mixUp),
  type('geometric', 'cutmix', 'partly replaced', cutMix),
  type('pixel', 'gaussian-noise', 'noisy', addNoise),
  type('pixel', 'defocus-blur', 'blurred', (image) => blur(image)),
  type('pixel', 'high-brightness', 'bright', (image) => brighten(image, 1.5)),
  type('pixel', 'low-brightness', 'dark', (image) => brighten(image, 1 / 1.5)),
  type('pixel', 'high-contrast', 'high contrast', (image) => contrast(image, 1.5)),
  type('pixel', 'low-contrast', 'low contrast', (image) => contrast(image, 0.5)),
]
