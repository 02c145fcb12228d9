import { constant, cos, type Dim, greater, max, mul, reshape, select, sin, type Tensor } from '../tensor/index.ts'
import type { Rotation } from './rope.ts'

/** How a model was taught longer texts than its rotary embedding was made for: each frequency by a factor of its own. */
export interface LongRope {
  /** What each frequency is divided by in texts up to the original length, and in longer ones. */
  readonly short: readonly number[]
  readonly long: readonly number[]
  readonly originalLength: number
  /** What cosines and sines are multiplied by. */
  readonly magnitude: number
}

/**
 * Rotary angles from positions [b, s] -> cos, sin [b, 1, s, width / 2] (LongRoPE, Ding et al., arXiv 2402.13753). The last
 * of the positions decides which factors count; keys that are cached already stay as they are.
 */
export function longRotation(positions: Tensor, width: number, theta: number, scaling: LongRope): Rotation {
  const { short, long, originalLength, magnitude } = scaling
  const divided = (by: readonly number[]) =>
    constant(
      by.map((factor, i) => theta ** ((-2 * i) / width) / factor),
      [width / 2],
    )
  const isLong = greater(max(reshape(positions, [-1]), 0), originalLength - 1)
  const [batch, length] = positions.shape as [Dim, Dim]
  const angles = mul(reshape(positions, [batch, 1, length, 1]), select(isLong, divided(long), divided(short)))
  return { cos: mul(cos(angles), magnitude), sin: mul(sin(angles), magnitude) }
}
