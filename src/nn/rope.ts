import {
  add,
  constant,
  cos,
  type Dim,
  exp,
  gather,
  log,
  max,
  maximum,
  mul,
  reshape,
  rotary,
  sin,
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
  | YarnScaling
  | DynamicScaling

/** YaRN (Peng et al., arXiv 2309.00071, section 3.2). */
export interface YarnScaling {
  readonly type: 'yarn'
  readonly factor: number
  /** Pairs that turn at least `fast` times within the original length stay, those below `slow` are slower by `factor`. */
  readonly fast: number
  readonly slow: number
  readonly originalLength: number
  /** The borders are whole pairs. */
  readonly whole: boolean
  /** What cosines and sines are multiplied by. */
  readonly magnitude: number
}

/** NTK-aware scaling that begins where a text is longer than the model was made for (the YaRN paper, appendix B.3). */
export interface DynamicScaling {
  readonly type: 'dynamic'
  readonly factor: number
  /** Tokens of the longest text that is not scaled. */
  readonly length: number
}

type FixedScaling = Exclude<RotaryScaling, YarnScaling | DynamicScaling>

/**
 * A frequency after scaling. Linear (arXiv 2306.15595): all slower. Llama 3.1: those that turn less than `low` times within
 * the original length are slower, those above `high` stay, between them it is blended.
 */
export function scaledFrequency(frequency: number, scaling: FixedScaling): number {
  if (scaling.type === 'linear') return frequency / scaling.factor
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalLength } = scaling
  const turns = (originalLength * frequency) / (2 * Math.PI)
  const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)))
  return ((1 - kept) * frequency) / factor + kept * frequency
}

/** theta^(-2i / width) for each of the width / 2 pairs, scaled as far as that is the same for texts of all lengths. */
export function rotaryFrequencies(width: number, theta: number, scaling?: RotaryScaling): number[] {
  const plain = Array.from({ length: width / 2 }, (_, i) => theta ** ((-2 * i) / width))
  if (!scaling || scaling.type === 'dynamic') return plain
  if (scaling.type === 'yarn') return yarnFrequencies(plain, width, theta, scaling)
  return plain.map((frequency) => scaledFrequency(frequency, scaling))
}

/** YaRN, eq. 17 to 20: a ramp over the pairs from those that stay to those that are slower. */
function yarnFrequencies(plain: readonly number[], width: number, theta: number, scaling: YarnScaling): number[] {
  const pairThatTurns = (times: number) =>
    (width * Math.log(scaling.originalLength / (times * 2 * Math.PI))) / (2 * Math.log(theta))
  const [first, last] = [pairThatTurns(scaling.fast), pairThatTurns(scaling.slow)]
  const low = Math.max(scaling.whole ? Math.floor(first) : first, 0)
  const high = Math.min(scaling.whole ? Math.ceil(last) : last, width - 1)
  const span = high === low ? 0.001 : high - low
  return plain.map((frequency, pair) => {
    const slowed = Math.min(1, Math.max(0, (pair - low) / span))
    return frequency * (1 - slowed) + (frequency / scaling.factor) * slowed
  })
}

/**
 * Rotary angles from float positions (fractions are fine): positions [b, s] -> cos, sin [b, 1, s, width / 2],
 * angle = position * theta^(-2i / width). RoFormer, arXiv 2104.09864, eq. 15.
 */
export function rotation(positions: Tensor, width: number, theta: number, scaling?: RotaryScaling): Rotation {
  const [batch, length] = positions.shape as [Dim, Dim]
  const frequencies = constant(rotaryFrequencies(width, theta, scaling), [width / 2])
  const placed = reshape(positions, [batch, 1, length, 1])
  if (scaling?.type !== 'dynamic') return turned(placed, frequencies, magnitudeOf(scaling))
  return turned(placed, mul(frequencies, slowing(positions, width, scaling)))
}

/**
 * What dynamic scaling multiplies each frequency by, [width / 2]. A text of n tokens, its last position and one, has
 * theta' = theta r^(d / (d - 2)) with r = factor n / length - (factor - 1), so pair i is slower by r^(-2i / (d - 2)).
 */
function slowing(positions: Tensor, width: number, { factor, length }: DynamicScaling): Tensor {
  const tokens = maximum(add(max(reshape(positions, [-1]), 0), 1), length)
  const ratio = sub(mul(tokens, factor / length), factor - 1)
  const exponents = Array.from({ length: width / 2 }, (_, i) => (i === 0 ? 0 : (-2 * i) / (width - 2)))
  return exp(mul(log(ratio), constant(exponents, [width / 2])))
}

export const magnitudeOf = (scaling?: RotaryScaling): number | undefined =>
  scaling?.type === 'yarn' ? scaling.magnitude : undefined

/**
 * Rotary angles from positions of several axes: pair i turns with the position on axis `axes[i]`: positions [b, s, a] ->
 * cos, sin [b, 1, s, pairs].
 */
export function axialRotation(
  positions: Tensor,
  frequencies: readonly number[],
  axes: readonly number[],
  magnitude?: number,
): Rotation {
  const [batch, length] = positions.shape as [Dim, Dim]
  const chosen = gather(positions, constant(axes, [axes.length], 'i64'), 2)
  const placed = reshape(chosen, [batch, 1, length, axes.length])
  return turned(placed, constant(frequencies, [frequencies.length]), magnitude)
}

function turned(positions: Tensor, frequencies: Tensor, magnitude = 1): Rotation {
  const angles = mul(positions, frequencies)
  if (magnitude === 1) return { cos: cos(angles), sin: sin(angles) }
  return { cos: mul(cos(angles), magnitude), sin: mul(sin(angles), magnitude) }
}

/** Rotates the pairs (x_i, x_{i + width/2}) of every head of x [b, s, heads * width]. */
export const rotate = (x: Tensor, { cos, sin }: Rotation, heads: number): Tensor => rotary(x, cos, sin, heads)
