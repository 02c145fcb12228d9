/**
 * The exact two-sided p of McNemar's test: how likely two ways that are as often right would disagree so unevenly.
 * Q. McNemar, Note on the sampling error of the difference between correlated proportions, 1947.
 *
 * @param better questions that only the first got right
 * @param worse those that only the second did
 */
export function mcnemar(better: number, worse: number): number {
  const n = better + worse
  const fewer = Math.min(better, worse)
  // Binomial tail with p = 1/2, summed by logarithms: n may be thousands.
  let logChoose = 0
  let tail = 0
  for (let k = 0; k <= fewer; k++) {
    if (k > 0) logChoose += Math.log(n - k + 1) - Math.log(k)
    tail += Math.exp(logChoose - n * Math.LN2)
  }
  return Math.min(1, 2 * tail)
}
