import { add, div, fixedDim, logSoftmax, mul, neg, oneHot, sum, type Tensor } from '../tensor/index.ts'

/** Weighted mean of -log p(target): logits [..., classes], targets i64 [...], weights [...]. */
export function crossEntropy(logits: Tensor, targets: Tensor, weights: Tensor): Tensor {
  const hot = oneHot(targets, fixedDim('crossEntropy', logits, -1))
  const losses = neg(sum(mul(logSoftmax(logits), hot), -1))
  return weightedMean(losses, weights)
}

/** sum(x w) / sum(w), 0 when all weights are 0. */
export const weightedMean = (x: Tensor, weights: Tensor): Tensor => div(sum(mul(x, weights)), add(sum(weights), 1e-6))
