/** Which weights inputs activate: M. Sun et al., A Simple and Effective Pruning Approach for Large Language Models, 2023. */

/** A matrix [out, in], row by row. */
export interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly data: ArrayLike<number>
}

/** `a_j = sqrt(1/N sum_n ||x_n,:,j||^2)`: the mean is over samples, not tokens, so long ones weigh more. */
export function activationNorms(squares: readonly ArrayLike<number>[]): number[] {
  return Array.from(squares[0], (_, j) =>
    Math.sqrt(squares.reduce((sum, sample) => sum + sample[j], 0) / squares.length),
  )
}

/**
 * Which weights stay: of each row the `floor(s in)` smallest `M_ij = |W_ij| a_j` go, the lower index first among equals.
 * 1 where a weight is kept.
 */
export function keepMask({ rows, columns, data }: Matrix, a: readonly number[], sparsity: number): Uint8Array {
  const mask = new Uint8Array(rows * columns).fill(1)
  const count = Math.floor(sparsity * columns)
  for (let row = 0; row < rows; row++) {
    const scores = a.map((norm, j) => Math.abs(data[row * columns + j]) * norm)
    const order = scores.map((_, j) => j).sort((i, j) => scores[i] - scores[j] || i - j)
    for (const j of order.slice(0, count)) mask[row * columns + j] = 0
  }
  return mask
}

/** `|A and B| / |A or B|` of two masks; 1 where neither keeps anything. */
export function maskIou(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [both, either] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    both += a[i] & b[i]
    either += a[i] | b[i]
  }
  return either === 0 ? 1 : both / either
}

/** The alpha-SubNet: what every mask keeps. */
export const sharedMask = (masks: readonly Uint8Array[]): Uint8Array =>
  masks[0].map((_, i) => Number(masks.every((mask) => mask[i] === 1)))

/** Share of weights that a mask keeps. */
export const density = (mask: Uint8Array): number => mask.reduce((sum, bit) => sum + bit, 0) / mask.length

/** What two masks of one density would share by chance: `r / (2 - r)`. */
export const chanceIou = (sparsity: number): number => (1 - sparsity) / (1 + sparsity)
