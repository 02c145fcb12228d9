/** Cubic convolution kernel; PyTorch's bicubic interpolation has a = -0.75, and -0.5 with antialiasing. */
function cubic(distance: number, a = -0.75): number {
  const x = Math.abs(distance)
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0
}

/**
 * Bicubic resampling of `from` samples to `to` as a matrix [to, from]: half-pixel centres, edges repeated, no
 * antialiasing (torch.nn.functional.interpolate with align_corners false).
 */
export function interpolationMatrix(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from)
  for (let row = 0; row < to; row++) {
    const centre = ((row + 0.5) * from) / to - 0.5
    const first = Math.floor(centre) - 1
    for (let tap = first; tap < first + 4; tap++) {
      const column = Math.min(from - 1, Math.max(0, tap))
      matrix[row * from + column] += cubic(centre - tap)
    }
  }
  return matrix
}

/** Bilinear resampling with the first and last samples of both on each other (align_corners true): [to, from]. */
export function spanningMatrix(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from)
  for (let row = 0; row < to; row++) {
    const place = to === 1 ? 0 : (row * (from - 1)) / (to - 1)
    const first = Math.min(Math.floor(place), from - 1)
    const share = place - first
    matrix[row * from + first] += 1 - share
    matrix[row * from + Math.min(first + 1, from - 1)] += share
  }
  return matrix
}

/** `interpolationMatrix` with antialiasing: the kernel is as wide as the samples of the smaller grid are apart. */
export const antialiasedMatrix = (from: number, to: number): Float32Array =>
  stretched(from, to, (distance) => cubic(distance, -0.5))

/** Bilinear resampling with antialiasing, as `antialiasedMatrix` is bicubic. */
export const antialiasedLinearMatrix = (from: number, to: number): Float32Array =>
  stretched(from, to, (distance) => Math.max(0, 1 - Math.abs(distance)))

/** Samples beyond the edges count nothing; those within are weighted to 1 together. */
function stretched(from: number, to: number, kernel: (distance: number) => number): Float32Array {
  const matrix = new Float32Array(to * from)
  const stretch = Math.max(1, from / to)
  for (let row = 0; row < to; row++) {
    const centre = ((row + 0.5) * from) / to
    const weights = Array.from({ length: from }, (_, column) => kernel((column + 0.5 - centre) / stretch))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    matrix.set(
      weights.map((weight) => weight / total),
      row * from,
    )
  }
  return matrix
}
