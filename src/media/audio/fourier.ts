/**
 * The squared magnitudes of the discrete Fourier transform of real numbers, bins 0 to n / 2 - 1 (Cooley and Tukey 1965,
 * decimation in time). `n` is a power of two.
 */
export function powerSpectrum(values: Float64Array): Float64Array {
  const n = values.length
  const real = bitReversed(values)
  const imaginary = new Float64Array(n)
  for (let size = 2; size <= n; size *= 2) {
    for (let start = 0; start < n; start += size) {
      for (let k = 0; k < size / 2; k++)
        butterfly(real, imaginary, start + k, start + k + size / 2, (-2 * Math.PI * k) / size)
    }
  }
  return Float64Array.from({ length: n / 2 }, (_, bin) => real[bin] ** 2 + imaginary[bin] ** 2)
}

function butterfly(real: Float64Array, imaginary: Float64Array, a: number, b: number, angle: number): void {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const [re, im] = [real[b] * cos - imaginary[b] * sin, real[b] * sin + imaginary[b] * cos]
  real[b] = real[a] - re
  imaginary[b] = imaginary[a] - im
  real[a] += re
  imaginary[a] += im
}

function bitReversed(values: Float64Array): Float64Array {
  const out = new Float64Array(values.length)
  const bits = Math.log2(values.length)
  for (let i = 0; i < values.length; i++) {
    let reversed = 0
    for (let bit = 0; bit < bits; bit++) reversed |= ((i >> bit) & 1) << (bits - 1 - bit)
    out[reversed] = values[i]
  }
  return out
}
