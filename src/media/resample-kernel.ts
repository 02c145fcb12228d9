/** Resampling filters of Pillow's `Resample.c`, as fixed-point kernels per output sample. */

export type ResampleFilter = 'nearest' | 'box' | 'bilinear' | 'hamming' | 'bicubic' | 'lanczos'

/** Bits after the binary point of a kernel weight: 32 minus 8 for the pixel minus 2 for overshoot and sign. */
export const PRECISION_BITS = 32 - 8 - 2

/** For output sample i: the input samples `start[i] .. start[i] + count[i] - 1` and their weights from `i * stride`. */
export interface ResampleKernel {
  start: Int32Array
  count: Int32Array
  weights: Int32Array
  stride: number
}

interface Filter {
  support: number
  weight: (x: number) => number
}

const A = -0.5

const box = (x: number): number => Number(-0.5 < x && x <= 0.5)

function bilinear(x: number): number {
  const d = Math.abs(x)
  return d < 1 ? 1 - d : 0
}

function bicubic(x: number): number {
  const d = Math.abs(x)
  if (d < 1) return ((A + 2) * d - (A + 3)) * d * d + 1
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * A
  return 0
}

function sinc(x: number): number {
  if (x === 0) return 1
  const t = x * Math.PI
  return Math.sin(t) / t
}

function hamming(x: number): number {
  const d = Math.abs(x)
  return d < 1 ? sinc(d) * (0.54 + 0.46 * Math.cos(d * Math.PI)) : 0
}

function lanczos(x: number): number {
  return -3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0
}

const FILTERS: Record<Exclude<ResampleFilter, 'nearest'>, Filter> = {
  box: { support: 0.5, weight: box },
  bilinear: { support: 1, weight: bilinear },
  hamming: { support: 1, weight: hamming },
  bicubic: { support: 2, weight: bicubic },
  lanczos: { support: 3, weight: lanczos },
}

/** Rounds half away from zero, the way Pillow quantises weights. */
function toFixed(weight: number): number {
  const scaled = weight * (1 << PRECISION_BITS)
  return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
}

/** Weights of one output sample, normalised to sum 1, in double precision as in Pillow. */
function sampleWeights(filter: Filter, center: number, inverseScale: number, start: number, count: number): number[] {
  const weights = Array.from({ length: count }, (_, i) => filter.weight((i + start - center + 0.5) * inverseScale))
  const total = weights.reduce((sum, w) => sum + w, 0)
  return total === 0 ? weights : weights.map((w) => w / total)
}

/** Kernel that maps the span [low, high) of `inSize` samples to `outSize` samples; shrinking widens the filter. */
export function buildKernel(
  inSize: number,
  low: number,
  high: number,
  outSize: number,
  name: Exclude<ResampleFilter, 'nearest'>,
): ResampleKernel {
  const filter = FILTERS[name]
  const scale = Math.fround(high - low) / outSize
  const filterScale = Math.max(scale, 1)
  const support = filter.support * filterScale
  const stride = Math.ceil(support) * 2 + 1
  const kernel = {
    start: new Int32Array(outSize),
    count: new Int32Array(outSize),
    weights: new Int32Array(outSize * stride),
    stride,
  }
  for (let i = 0; i < outSize; i++) {
    const center = low + (i + 0.5) * scale
    const start = Math.max(0, Math.trunc(center - support + 0.5))
    const end = Math.min(inSize, Math.trunc(center + support + 0.5))
    kernel.start[i] = start
    kernel.count[i] = end - start
    kernel.weights.set(sampleWeights(filter, center, 1 / filterScale, start, end - start).map(toFixed), i * stride)
  }
  return kernel
}

const CACHE_LIMIT = 64
const cache = new Map<string, ResampleKernel>()

/** `buildKernel` with the last 64 kernels kept. */
export function kernelFor(
  inSize: number,
  low: number,
  high: number,
  outSize: number,
  name: Exclude<ResampleFilter, 'nearest'>,
): ResampleKernel {
  const key = `${inSize}:${low}:${high}:${outSize}:${name}`
  const known = cache.get(key)
  if (known) return known
  const kernel = buildKernel(inSize, low, high, outSize, name)
  if (cache.size >= CACHE_LIMIT) cache.delete(cache.keys().next().value!)
  cache.set(key, kernel)
  return kernel
}
