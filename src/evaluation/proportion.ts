/** A share of successes with its 95 % confidence interval. */
export interface Proportion {
  readonly share: number
  readonly low: number
  readonly high: number
}

/** The 97.5 % quantile of the normal distribution. */
const Z = 1.959964

/**
 * Wilson's score interval, which also holds for small counts and shares near 0 and 1.
 *
 * E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
 */
export function wilson(successes: number, count: number): Proportion {
  if (count === 0) return { share: 0, low: 0, high: 1 }
  const share = successes / count
  const spread = Z * Math.sqrt((share * (1 - share)) / count + (Z * Z) / (4 * count * count))
  const centre = share + (Z * Z) / (2 * count)
  const scale = 1 + (Z * Z) / count
  return { share, low: Math.max(0, (centre - spread) / scale), high: Math.min(1, (centre + spread) / scale) }
}

/**
 * The mean of several shares, each measured on its own sample. Its interval adds the spreads of theirs in square (the
 * MOVER method of Newcombe, Interval estimation for the difference between independent proportions, 1998).
 */
export function meanProportion(parts: readonly Proportion[]): Proportion {
  if (parts.length === 0) return { share: 0, low: 0, high: 1 }
  const share = parts.reduce((sum, part) => sum + part.share, 0) / parts.length
  const spread = (side: 'low' | 'high') => Math.hypot(...parts.map((part) => part.share - part[side])) / parts.length
  return { share, low: share - spread('low'), high: share + spread('high') }
}
