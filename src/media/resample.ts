/**
 * Image resizing that equals Pillow's `Image.resize` bit for bit (8-bit channels): two separable passes,
 * horizontal first, each with fixed-point weights and an 8-bit result. Vision processors were tuned on
 * these exact pixels, so an approximate resize changes a model's answers.
 */
import { FoveaError } from '../errors.ts'
import { kernelFor, PRECISION_BITS, type ResampleFilter, type ResampleKernel } from './resample-kernel.ts'

export type { ResampleFilter } from './resample-kernel.ts'

/** Interleaved 8-bit samples, row by row: `data.length = width * height * channels`. */
export interface PixelBuffer {
  data: Uint8Array
  width: number
  height: number
  channels: number
}

/** Part of the source to read, in source pixels, as [left, top, right, bottom]; fractions are allowed. */
export type ResizeBox = readonly [left: number, top: number, right: number, bottom: number]

/** Longest side of an image, in pixels: a resize goes through all of it times the width of the result. */
const MAX_SIDE = 100_000
/** Pixels of a resized image, and of what lies between its two passes. */
const MAX_RESIZED_PIXELS = 2 ** 26

const HALF = 1 << (PRECISION_BITS - 1)

/** Rows `first .. first + rows - 1` of `source`, each resampled to `kernel.start.length` pixels. */
function horizontalPass(source: PixelBuffer, kernel: ResampleKernel, first: number, rows: number): PixelBuffer {
  const { start, count, weights, stride } = kernel
  const { data, width, channels } = source
  const outWidth = start.length
  const out = new Uint8Array(outWidth * rows * channels)
  const clamped = new Uint8ClampedArray(out.buffer) // cuts the overshoot of the filter to 0..255
  let at = 0
  for (let y = 0; y < rows; y++) {
    const row = (y + first) * width * channels
    for (let x = 0; x < outWidth; x++) {
      const end = x * stride + count[x]
      const from = row + start[x] * channels
      if (channels === 3) {
        let r = HALF
        let g = HALF
        let b = HALF
        for (let k = x * stride, p = from; k < end; k++, p += 3) {
          const w = weights[k]
          r = (r + Math.imul(data[p], w)) | 0
          g = (g + Math.imul(data[p + 1], w)) | 0
          b = (b + Math.imul(data[p + 2], w)) | 0
        }
        clamped[at++] = r >> PRECISION_BITS
        clamped[at++] = g >> PRECISION_BITS
        clamped[at++] = b >> PRECISION_BITS
        continue
      }
      for (let c = 0; c < channels; c++) {
        let sum = HALF
        for (let k = x * stride, p = from + c; k < end; k++, p += channels)
          sum = (sum + Math.imul(data[p], weights[k])) | 0
        clamped[at++] = sum >> PRECISION_BITS
      }
    }
  }
  return { data: out, width: outWidth, height: rows, channels }
}

/** Adds whole rows at a time, so that memory is read in order; row `first` of the image is row 0 of `source`. */
function verticalPass(source: PixelBuffer, kernel: ResampleKernel, first: number): PixelBuffer {
  const { start, count, weights, stride } = kernel
  const rowLength = source.width * source.channels
  const outHeight = start.length
  const out = new Uint8Array(rowLength * outHeight)
  const clamped = new Uint8ClampedArray(out.buffer)
  const sums = new Int32Array(rowLength)
  for (let y = 0; y < outHeight; y++) {
    sums.fill(HALF)
    for (let k = 0; k < count[y]; k++) {
      const w = weights[y * stride + k]
      const row = (start[y] - first + k) * rowLength
      for (let i = 0; i < rowLength; i++) sums[i] += Math.imul(source.data[row + i], w)
    }
    const at = y * rowLength
    for (let i = 0; i < rowLength; i++) clamped[at + i] = sums[i] >> PRECISION_BITS
  }
  return { data: out, width: source.width, height: outHeight, channels: source.channels }
}

/** Source index of each output sample; the running sum repeats the rounding of Pillow's affine scaling. */
function nearestIndices(low: number, high: number, inSize: number, outSize: number): Int32Array {
  const step = Math.fround(high - low) / outSize
  const indices = new Int32Array(outSize)
  let position = low + step * 0.5
  for (let i = 0; i < outSize; i++, position += step) indices[i] = Math.min(inSize - 1, Math.trunc(position))
  return indices
}

function nearest(source: PixelBuffer, width: number, height: number, box: ResizeBox): PixelBuffer {
  const { data, channels } = source
  const columns = nearestIndices(box[0], box[2], source.width, width)
  const rows = nearestIndices(box[1], box[3], source.height, height)
  const out = new Uint8Array(width * height * channels)
  let at = 0
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * source.width + column) * channels
      for (let c = 0; c < channels; c++) out[at++] = data[from + c]
    }
  }
  return { data: out, width, height, channels }
}

function checkArguments(source: PixelBuffer, outWidth: number, outHeight: number, box: ResizeBox): void {
  const { data, width, height, channels } = source
  if (data.length !== width * height * channels) {
    const found = `${width}x${height}x${channels} needs ${width * height * channels} bytes, found ${data.length}`
    throw new FoveaError('image_size_mismatch', 'input', `image data does not match its size: ${found}`)
  }
  const sizes = [width, height, outWidth, outHeight]
  if (sizes.some((size) => !Number.isInteger(size) || size < 1)) {
    const message = `cannot resize ${width}x${height} to ${outWidth}x${outHeight}: sizes must be whole numbers from 1`
    throw new FoveaError('image_size_invalid', 'usage', message)
  }
  if (sizes.some((size) => size > MAX_SIDE) || outWidth * Math.max(height, outHeight) > MAX_RESIZED_PIXELS) {
    const limits = `a side may have ${MAX_SIDE} pixels, the result ${MAX_RESIZED_PIXELS}`
    const message = `an image of ${width}x${height} would be resized to ${outWidth}x${outHeight}; ${limits}: cut it into pieces`
    throw new FoveaError('image_view_too_large', 'input', message)
  }
  const [left, top, right, bottom] = box
  if (!(left >= 0 && top >= 0 && right <= width && bottom <= height && left < right && top < bottom)) {
    const message = `box [${box.join(', ')}] is not inside the ${width}x${height} image`
    throw new FoveaError('image_box_invalid', 'usage', message)
  }
}

/**
 * Resizes `source` to `outWidth` x `outHeight`, like Pillow's `Image.resize(size, resample, box)`.
 * Filters widen when shrinking (antialiasing); bicubic uses a = -0.5. Always returns a new buffer.
 * @throws FoveaError `image_size_mismatch`, `image_size_invalid`, `image_box_invalid`, `image_view_too_large`
 */
export function resize(
  source: PixelBuffer,
  outWidth: number,
  outHeight: number,
  filter: ResampleFilter,
  box: ResizeBox = [0, 0, source.width, source.height],
): PixelBuffer {
  checkArguments(source, outWidth, outHeight, box)
  const { width, height } = source
  // Pillow keeps the box in single precision.
  const [left, top, right, bottom] = box.map(Math.fround)
  if (filter === 'nearest') return nearest(source, outWidth, outHeight, [left, top, right, bottom])
  const horizontal = outWidth !== width || left !== 0 || right !== outWidth
  const vertical = outHeight !== height || top !== 0 || bottom !== outHeight
  if (!horizontal && !vertical) return { ...source, data: source.data.slice() }
  const columnKernel = kernelFor(height, top, bottom, outHeight, filter)
  const last = outHeight - 1
  const first = vertical ? columnKernel.start[0] : 0
  const rows = vertical ? columnKernel.start[last] + columnKernel.count[last] - first : height
  const wide = horizontal
    ? horizontalPass(source, kernelFor(width, left, right, outWidth, filter), first, rows)
    : source
  return vertical ? verticalPass(wide, columnKernel, horizontal ? first : 0) : wide
}
