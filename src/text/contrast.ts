/** Contrastive decoding: what one row of logits says beyond what another says already. */

export interface ContrastOptions {
  /** How much of the other row is taken away. */
  readonly alpha: number
  /** Tokens less likely than this share of the most likely one are left out; 0 leaves out none. */
  readonly beta: number
}

/**
 * s = (1 + alpha) l - alpha l', and -Infinity where l < ln(beta) + max(l): Li et al. 2022 (arXiv 2210.15097, equation 2)
 * in the form that Leng et al. 2023 (VCD, arXiv 2311.16922) gave it.
 * @param row l, [vocabulary]; the mask is its alone
 * @param other l', [vocabulary]; adding a constant to it changes no probability
 */
export function contrasted(row: Float32Array, other: Float32Array, { alpha, beta }: ContrastOptions): Float32Array {
  const cut = Math.log(beta) + row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
  return row.map((l, id) => (l < cut ? Number.NEGATIVE_INFINITY : (1 + alpha) * l - (alpha && alpha * other[id])))
}

/** softmax(l / temperature), [vocabulary]. */
export function probabilities(row: Float32Array, temperature = 1): Float64Array {
  const most = row.reduce((largest, value) => Math.max(largest, value), Number.NEGATIVE_INFINITY)
  const weights = Float64Array.from(row, (value) => Math.exp((value - most) / temperature))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}
