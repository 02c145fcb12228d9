/** log sum_i w_i softmax(row_i) / sum_i w_i: what the next token is chosen from where each row may be right by its weight. */
export function mixture(rows: readonly Float32Array[], weights: readonly number[]): Float32Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const mixed = new Float64Array(rows[0].length)
  for (const [at, row] of rows.entries()) {
    const most = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
    const sum = row.reduce((sum, value) => sum + Math.exp(value - most), 0)
    const share = weights[at] / (total * sum)
    for (let id = 0; id < mixed.length; id++) mixed[id] += share * Math.exp(row[id] - most)
  }
  return Float32Array.from(mixed, Math.log)
}
