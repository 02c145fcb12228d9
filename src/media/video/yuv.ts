/**
 * Decoded planes to sRGB bytes, exactly as the matrix and the range of the video say (ITU-T H.273, table 4 and equations
 * 23 to 31): what a canvas does with them differs between platforms by several levels.
 */
import type { RgbImage } from '../image.ts'

/** The colour space of a frame, as WebCodecs names its parts; what a file leaves out is null or absent. */
export interface FrameColour {
  readonly matrix?: string | null
  readonly fullRange?: boolean | null
}

/** Samples of one component: the value at column x and row y is `data[start + y * stride + x * step]`. */
export interface Component {
  readonly data: Uint8Array | Uint16Array
  readonly start: number
  readonly stride: number
  readonly step: number
}

/** Luma and chroma of a frame. Chroma may have half the columns (`shiftX` 1) and half the rows (`shiftY` 1). */
export interface YuvFrame {
  readonly y: Component
  readonly u: Component
  readonly v: Component
  readonly shiftX: 0 | 1
  readonly shiftY: 0 | 1
  /** Bits of a sample. */
  readonly depth: 8 | 10 | 12
  readonly width: number
  readonly height: number
}

/** Weights of red and blue in luma. */
const LUMA: Readonly<Record<string, readonly [red: number, blue: number]>> = {
  bt709: [0.2126, 0.0722],
  bt470bg: [0.299, 0.114],
  smpte170m: [0.299, 0.114],
  'bt2020-ncl': [0.2627, 0.0593],
}

/**
 * What a frame is to be converted by. Where a file does not say, as players do: BT.709 from 720 rows on, BT.601 below,
 * limited range. Planes of green, blue and red have one size; who states them for halved planes says nothing.
 */
function conversionOf({ matrix, fullRange }: FrameColour, { height, shiftX, shiftY }: YuvFrame) {
  const guess = height >= 720 ? 'bt709' : 'smpte170m'
  if (matrix === 'rgb' && shiftX + shiftY > 0) return { matrix: guess, fullRange: false }
  return { matrix: matrix ?? guess, fullRange: fullRange ?? matrix === 'rgb' }
}

/** What every value of a component adds to red, green and blue, in 0..255. */
interface Tables {
  readonly luma: Float32Array
  readonly redOfV: Float32Array
  readonly greenOfU: Float32Array
  readonly greenOfV: Float32Array
  readonly blueOfU: Float32Array
}

function tablesOf(matrix: string, fullRange: boolean, depth: number): Tables {
  const [kr, kb] = LUMA[matrix] ?? LUMA.bt709
  const kg = 1 - kr - kb
  const unit = 2 ** (depth - 8)
  const most = 2 ** depth - 1
  const [black, lumaRange, chromaRange] = fullRange ? [0, most, most] : [16 * unit, 219 * unit, 224 * unit]
  const table = (zero: number, range: number, factor: number) =>
    Float32Array.from({ length: most + 1 }, (_, value) => (255 * factor * (value - zero)) / range)
  const chroma = (factor: number) => table(128 * unit, chromaRange, factor)
  return {
    luma: table(black, lumaRange, 1),
    redOfV: chroma(2 * (1 - kr)),
    greenOfU: chroma((-2 * kb * (1 - kb)) / kg),
    greenOfV: chroma((-2 * kr * (1 - kr)) / kg),
    blueOfU: chroma(2 * (1 - kb)),
  }
}

/** Chroma of a subsampled frame is repeated, as the readers do whose frames models were trained on. */
export function yuvToRgb(frame: YuvFrame, colour: FrameColour): RgbImage {
  const { matrix, fullRange } = conversionOf(colour, frame)
  if (matrix === 'rgb') return planesToRgb(frame, fullRange)
  const { luma, redOfV, greenOfU, greenOfV, blueOfU } = tablesOf(matrix, fullRange, frame.depth)
  const { y, u, v, shiftX, shiftY, width, height } = frame
  const data = new Uint8Array(width * height * 3)
  const rounded = new Uint8ClampedArray(data.buffer)
  let at = 0
  for (let row = 0; row < height; row++) {
    const [yRow, uRow, vRow] = [
      y.start + row * y.stride,
      u.start + (row >> shiftY) * u.stride,
      v.start + (row >> shiftY) * v.stride,
    ]
    for (let column = 0; column < width; column++) {
      const half = column >> shiftX
      const light = luma[y.data[yRow + column * y.step]]
      const [cb, cr] = [u.data[uRow + half * u.step], v.data[vRow + half * v.step]]
      rounded[at++] = light + redOfV[cr]
      rounded[at++] = light + greenOfU[cb] + greenOfV[cr]
      rounded[at++] = light + blueOfU[cb]
    }
  }
  return { data, width, height }
}

/** The matrix `rgb`: the planes are green, blue and red. */
function planesToRgb({ y, u, v, depth, width, height }: YuvFrame, fullRange: boolean): RgbImage {
  const { luma } = tablesOf('bt709', fullRange, depth)
  const data = new Uint8Array(width * height * 3)
  const rounded = new Uint8ClampedArray(data.buffer)
  for (const [channel, { data: plane, start, stride, step }] of [v, y, u].entries())
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++)
        rounded[(row * width + column) * 3 + channel] = luma[plane[start + row * stride + column * step]]
  return { data, width, height }
}
