import { transpose } from './ops/layout.ts'
import { matmul } from './ops/matmul.ts'
import { constant } from './ops/sources.ts'
import { fixedDim, ShapeError, type Tensor } from './tensor.ts'

export type InterpolationMode = 'nearest' | 'bilinear' | 'bicubic'
export interface InterpolationOptions {
  readonly mode?: InterpolationMode
  /** The corner elements keep their places, instead of the corner points. Nearest knows no corners. */
  readonly alignCorners?: boolean
}

/**
 * Resizes the last two axes of `x` to [height, width], as PyTorch's interpolate (no anti-aliasing). Interpolation is
 * linear and separable, so it is two small matrix products, and its gradient follows from theirs.
 */
export function interpolate(x: Tensor, size: readonly [number, number], options: InterpolationOptions = {}): Tensor {
  const { mode = 'nearest', alignCorners = false } = options
  if (x.shape.length < 2) throw new ShapeError('interpolate', 'needs [..., height, width]', [x])
  if (size.some((n) => !Number.isInteger(n) || n < 1)) throw new ShapeError('interpolate', `[${size}] is no size`, [x])
  if (mode === 'nearest' && alignCorners) throw new ShapeError('interpolate', 'nearest has no alignCorners', [x])
  const [height, width] = [fixedDim('interpolate', x, -2), fixedDim('interpolate', x, -1)]
  const matrix = (from: number, to: number): Tensor =>
    constant(interpolationMatrix(from, to, mode, alignCorners), [to, from], x.dtype)
  const tall = height === size[0] ? x : matmul(matrix(height, size[0]), x)
  return width === size[1] ? tall : matmul(tall, transpose(matrix(width, size[1])))
}

/** Weights [to, from], row-major: row i says how much of each source element output element i holds. */
export function interpolationMatrix(
  from: number,
  to: number,
  mode: InterpolationMode,
  alignCorners: boolean,
): Float64Array {
  const matrix = new Float64Array(to * from)
  for (let i = 0; i < to; i++) {
    const at = mode === 'nearest' ? Math.floor((i * from) / to) : sourcePosition(i, from, to, alignCorners)
    for (const [source, weight] of taps(at, mode)) {
      const edge = Math.min(Math.max(source, 0), from - 1)
      matrix[i * from + edge] += weight
    }
  }
  return matrix
}

function sourcePosition(i: number, from: number, to: number, alignCorners: boolean): number {
  if (alignCorners) return to === 1 ? 0 : (i * (from - 1)) / (to - 1)
  return ((i + 0.5) * from) / to - 0.5
}

function taps(at: number, mode: InterpolationMode): [source: number, weight: number][] {
  const low = Math.floor(at)
  const t = at - low
  if (mode === 'nearest') return [[low, 1]]
  if (mode === 'bilinear')
    return [
      [low, 1 - t],
      [low + 1, t],
    ]
  return [-1, 0, 1, 2].map((offset) => [low + offset, cubicWeight(Math.abs(t - offset))])
}

/** Keys' cubic convolution kernel with a = -0.75 (as OpenCV and PyTorch). */
function cubicWeight(distance: number): number {
  const a = -0.75
  if (distance <= 1) return ((a + 2) * distance - (a + 3)) * distance ** 2 + 1
  return distance < 2 ? a * (((distance - 5) * distance + 8) * distance - 4) : 0
}
