/** The log-probability of one token by the logits of all, [vocabulary]. */
export function logProbability(logits: Float32Array, id: number): number {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity)
  return logits[id] - most - Math.log(logits.reduce((sum, value) => sum + Math.exp(value - most), 0))
}
