/** Log-mel filter banks as Kaldi computes them (feature-window.cc, mel-computations.cc, feature-fbank.cc), without dither. */
import { FoveaError } from '../../errors.ts'
import { powerSpectrum } from './fourier.ts'

export interface LogMelOptions {
  /** Samples in a second, 16000 unless given. */
  readonly rate?: number
  /** Mel bands, 128 unless given. */
  readonly bands?: number
  /** Length of a frame and its step, in milliseconds: 25 and 10 unless given. */
  readonly frameMs?: number
  readonly hopMs?: number
  /** Lower and upper end of the bands in hertz: 20 and half of the rate unless given. */
  readonly low?: number
  readonly high?: number
  /** Share of the sample before that is taken off each, .97 unless given. */
  readonly preemphasis?: number
}

/** Row by row, `frames` x `bands`. */
export interface LogMel {
  readonly frames: number
  readonly bands: number
  readonly values: Float32Array
}

/** The smallest energy that a logarithm is taken of: the step of single precision at 1. */
const FLOOR = 2 ** -23

const mel = (hertz: number): number => 1127 * Math.log(1 + hertz / 700)

/** The Povey window: a Hann window to the power .85. */
const poveyWindow = (length: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (length - 1))) ** 0.85)

/** Weights of every bin of a spectrum in every band: triangles that are even on the mel scale. */
function melWeights(bands: number, bins: number, rate: number, low: number, high: number): Float64Array[] {
  const step = (mel(high) - mel(low)) / (bands + 1)
  return Array.from({ length: bands }, (_, band) => {
    const [left, middle, right] = [0, 1, 2].map((edge) => mel(low) + (band + edge) * step)
    return Float64Array.from({ length: bins }, (_, bin) => {
      const at = mel((bin * rate) / (2 * bins))
      if (at <= left || at >= right) return 0
      return at <= middle ? (at - left) / (middle - left) : (right - at) / (right - middle)
    })
  })
}

/** A frame without its mean, with its highs raised, windowed, and filled up with zeros. */
function prepare(frame: Float64Array, window: Float64Array, preemphasis: number, padded: number): Float64Array {
  const mean = frame.reduce((sum, value) => sum + value, 0) / frame.length
  const out = new Float64Array(padded)
  for (let i = frame.length - 1; i >= 0; i--) {
    const before = i > 0 ? frame[i - 1] : frame[0]
    out[i] = (frame[i] - mean - preemphasis * (before - mean)) * window[i]
  }
  return out
}

/**
 * The logarithms of the energies in mel bands, frame by frame; only whole frames are taken ("snip edges").
 * @param samples mono, -1 to 1; Kaldi's own numbers are those of samples times 32768
 * @throws FoveaError kind `input` `audio-short` where there is no whole frame, kind `usage` `audio-band` for bands that do not
 * lie between 0 and half of the rate
 */
export function logMel(samples: Float32Array, options: LogMelOptions = {}): LogMel {
  const { rate = 16000, bands = 128, frameMs = 25, hopMs = 10, low = 20, high = rate / 2, preemphasis = 0.97 } = options
  const [length, hop] = [frameMs, hopMs].map((ms) => Math.floor((rate * ms) / 1000))
  if (samples.length < length) {
    const message = `A sound of ${samples.length} samples has no frame of ${length}: use a longer one`
    throw new FoveaError('audio-short', 'input', message)
  }
  if (!(low >= 0 && low < high && high <= rate / 2)) {
    const message = `Mel bands from ${low} to ${high} Hz: they must lie between 0 and ${rate / 2}`
    throw new FoveaError('audio-band', 'usage', message)
  }
  const padded = 2 ** Math.ceil(Math.log2(length))
  const [window, weights] = [poveyWindow(length), melWeights(bands, padded / 2, rate, low, high)]
  const frames = 1 + Math.floor((samples.length - length) / hop)
  const values = new Float32Array(frames * bands)
  for (let frame = 0; frame < frames; frame++) {
    const cut = Float64Array.from(samples.subarray(frame * hop, frame * hop + length))
    const power = powerSpectrum(prepare(cut, window, preemphasis, padded))
    for (const [band, row] of weights.entries()) {
      let energy = 0
      for (let bin = 0; bin < row.length; bin++) energy += row[bin] * power[bin]
      values[frame * bands + band] = Math.log(Math.max(energy, FLOOR))
    }
  }
  return { frames, bands, values }
}
