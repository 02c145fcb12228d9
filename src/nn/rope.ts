import { constant, cos, type Dim, mul, reshape, rotary, sin, type Tensor } from '../tensor/index.ts'

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

/**
 * A frequency after scaling. Linear (arXiv 2306.15595): all slower. Llama 3.1: those that turn less than `low` times within
 * the original length are slower, those above `high` stay, between them it is blended.
 */
export function scaledFrequency(frequency: number, scaling: RotaryScaling): number {
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
  const frequencies = scaling ? plain.map((frequency) => scaledFrequency(frequency, scaling)) : plain
  const [batch, length] = positions.shape as [Dim, Dim]
  const angles = mul(reshape(positions, [batch, 1, length, 1]), constant(frequencies, [width / 2]))
  return { cos: cos(angles), sin: sin(angles) }
}

/** Rotates the pairs (x_i, x_{i + width/2}) of every head of x [b, s, heads * width]. */
export const rotate = (x: Tensor, { cos, sin }: Rotation, heads: number): Tensor => rotary(x, cos, sin, heads)
