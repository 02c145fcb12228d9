/** Correlations, how sure they are, and which of many to believe. */

type Values = readonly number[]

const meanOf = (values: Values): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Pearson's correlation; 0 where one of the two does not vary. Throws RangeError for lists of different lengths. */
export function pearson(a: Values, b: Values): number {
  if (a.length !== b.length) throw new RangeError(`${a.length} values cannot be paired with ${b.length}`)
  const [ma, mb] = [meanOf(a), meanOf(b)]
  const products = (x: Values, y: Values, mx: number, my: number) =>
    x.reduce((sum, value, i) => sum + (value - mx) * (y[i] - my), 0)
  const spread = Math.sqrt(products(a, a, ma, ma) * products(b, b, mb, mb))
  return spread > 0 ? products(a, b, ma, mb) / spread : 0
}

/** Ranks from 1; equal values share the mean of theirs. */
export function ranks(values: Values): number[] {
  const order = values.map((_, at) => at).sort((a, b) => values[a] - values[b])
  const found = new Array<number>(values.length)
  for (let from = 0; from < order.length; ) {
    let to = from
    while (to < order.length && values[order[to]] === values[order[from]]) to++
    for (let at = from; at < to; at++) found[order[at]] = (from + to + 1) / 2
    from = to
  }
  return found
}

/** Spearman's correlation: Pearson's of the ranks. */
export const spearman = (a: Values, b: Values): number => pearson(ranks(a), ranks(b))

/**
 * How likely chance alone gives such a correlation of n pairs, or a larger one: Fisher's transformation, one side. R. A.
 * Fisher, 1921. Throws RangeError for fewer than four pairs.
 */
export function chanceOfCorrelation(r: number, n: number): number {
  if (n < 4) throw new RangeError(`the chance of a correlation needs four pairs at least, got ${n}`)
  return upperTail(Math.atanh(Math.max(-1, Math.min(1, r))) * Math.sqrt(n - 3))
}

/** Share of the normal distribution above z. Abramowitz and Stegun 7.1.26: off by at most 7.5e-8. */
export function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z)
  const x = z / Math.SQRT2
  const t = 1 / (1 + 0.3275911 * x)
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  return 0.5 * series * Math.exp(-x * x)
}

/**
 * Which of several tests to believe so that at most a share q of those is expected to be false. Y. Benjamini, Y. Hochberg,
 * Controlling the False Discovery Rate, 1995.
 */
export function believed(chances: Values, q: number): boolean[] {
  const sorted = [...chances].sort((a, b) => a - b)
  const last = sorted.findLastIndex((chance, at) => chance <= (q * (at + 1)) / sorted.length)
  return chances.map((chance) => last >= 0 && chance <= sorted[last])
}
