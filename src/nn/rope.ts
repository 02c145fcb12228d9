import {
  add,
  concat,
  constant,
  cos,
  type Dim,
  fixedDim,
  greater,
  max,
  mul,
  reshape,
  select,
  sin,
  slice,
  sub,
  type Tensor,
} from '../tensor/index.ts'

export interface Rotation {
  readonly cos: Tensor
  readonly sin: Tensor
}

/** How a model was taught longer texts than its rotary embedding was made for. */
export type RotaryScaling =
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3'
      readonly factor: number
      readonly lowFrequencyFactor: number
      readonly highFrequencyFactor: number
      readonly originalLength: number
    }
  | {
      readonly type: 'longrope'
      /** What each frequency is divided by in texts up to the original length, and in longer ones. */
      readonly short: readonly number[]
      readonly long: readonly number[]
      readonly originalLength: number
      /** What cosines and sines are multiplied by. */
      readonly magnitude: number
    }

type PlainScaling = Exclude<RotaryScaling, { readonly type: 'longrope' }>

/**
 * A frequency after scaling. Linear (arXiv 2306.15595): all slower. Llama 3.1: those that turn less than `low` times within
 * the original length are slower, those above `high` stay, between them it is blended.
 */
export function scaledFrequency(frequency: number, scaling: PlainScaling): number {
  if (scaling.type === 'linear') return frequency / scaling.factor
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalLength } = scaling
  const turns = (originalLength * frequency) / (2 * Math.PI)
  const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)))
  return ((1 - kept) * frequency) / factor + kept * frequency
}

/**
 * Rotary angles from float positions (fractions are fine): positions [b, s] -> cos, sin [b, 1, s, width / 2],
 * angle = position * theta^(-2i / width). RoFormer, arXiv 2104.09864, eq. 15.
 */
export function rotation(positions: Tensor, width: number, theta: number, scaling?: RotaryScaling): Rotation {
  const plain = Array.from({ length: width / 2 }, (_, i) => theta ** ((-2 * i) / width))
  const [batch, length] = positions.shape as [Dim, Dim]
  const angles = mul(reshape(positions, [batch, 1, length, 1]), scaledFrequencies(plain, positions, scaling))
  if (scaling?.type !== 'longrope') return { cos: cos(angles), sin: sin(angles) }
  return { cos: mul(cos(angles), scaling.magnitude), sin: mul(sin(angles), scaling.magnitude) }
}

/**
 * Frequencies after scaling, [width / 2]. LongRoPE (arXiv 2402.13753) goes by the last of the new positions; keys that are
 * cached already stay as they are.
 */
function scaledFrequencies(plain: readonly number[], positions: Tensor, scaling?: RotaryScaling): Tensor {
  const table = (values: readonly number[]) => constant(values, [plain.length])
  if (!scaling) return table(plain)
  if (scaling.type !== 'longrope') return table(plain.map((frequency) => scaledFrequency(frequency, scaling)))
  const divided = (by: readonly number[]) => table(plain.map((frequency, i) => frequency / by[i]))
  const isLong = greater(max(reshape(positions, [-1]), 0), scaling.originalLength - 1)
  return select(isLong, divided(scaling.long), divided(scaling.short))
}

/** Rotates the pairs (x_i, x_{i + width/2}) of x [b, h, s, width]. */
export function rotate(x: Tensor, { cos: c, sin: s }: Rotation): Tensor {
  const half = fixedDim('rotate', x, -1) / 2
  const [a, b] = [slice(x, -1, 0, half), slice(x, -1, half)]
  return concat([sub(mul(a, c), mul(b, s)), add(mul(b, c), mul(a, s))], -1)
}
