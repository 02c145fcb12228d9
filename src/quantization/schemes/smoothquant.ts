import { smoothingFactors } from '../sensitivity.ts'
import type { Matrix } from './grid.ts'

/**
 * SmoothQuant (Xiao et al., arXiv 2211.10438), equation 4, alpha = 0.5: s_j = max|X_j|^alpha / max|W_j|^(1 - alpha).
 * @param weights all layers with the same input, W [n, k] each
 * @param maxima largest magnitude of each input channel, [k]
 * @returns s [k]: the input is divided by it, columns of W are multiplied with it
 */
export function smoothQuantScales(weights: readonly Matrix[], maxima: Float32Array): Float32Array {
  const most = new Float32Array(maxima.length)
  for (const { values, k } of weights)
    for (let at = 0; at < values.length; at++) most[at % k] = Math.max(most[at % k], Math.abs(values[at]))
  return smoothingFactors(maxima, most).map((factor) => 1 / factor)
}
