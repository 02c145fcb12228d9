/** A score that a guess does not raise: 0 by chance, 1 where all is right. */

/** `I_k = TPR_k - FPR_k` of each class; a class that nothing is of has TPR 0, one that all is of FPR 0. */
export function informedness(labels: readonly number[], predictions: readonly number[], classes: number): number[] {
  return Array.from({ length: classes }, (_, k) => {
    const rate = (isOwn: boolean) => {
      const marks = labels.flatMap((label, at) => ((label === k) === isOwn ? [predictions[at] === k] : []))
      return marks.length === 0 ? 0 : marks.filter(Boolean).length / marks.length
    }
    return rate(true) - rate(false)
  })
}

/** `mu_I`, the mean over classes. */
export const meanInformedness = (...of: Parameters<typeof informedness>): number => {
  const values = informedness(...of)
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Leave-one-out k-nearest neighbours by inner product: the commonest label, the lower one among equals. */
export function nearestLabels(rows: readonly (readonly number[])[], labels: readonly number[], k: number): number[] {
  return rows.map((row, at) => {
    const order = rows
      .map((other, index) => ({ index, likeness: row.reduce((sum, x, i) => sum + x * other[i], 0) }))
      .filter(({ index }) => index !== at)
      .sort((a, b) => b.likeness - a.likeness || a.index - b.index)
    const votes = new Map<number, number>()
    for (const { index } of order.slice(0, k)) votes.set(labels[index], (votes.get(labels[index]) ?? 0) + 1)
    return [...votes].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0][0]
  })
}
