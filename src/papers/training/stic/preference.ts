/** The loss of the first stage, out of log-probabilities summed over an answer. */

export interface LogProbs {
  readonly chosen: number
  readonly rejected: number
}

/**
 * `L = -log sigmoid(beta z) - alpha log pi(y_w)`, `z = [log pi - log ref](y_w) - [log pi - log ref](y_l)`: the paper's form,
 * with the tokens of the rejected answer as they are.
 */
export function preferenceLoss(
  policy: LogProbs,
  reference: LogProbs,
  { beta = 0.1, alpha = 1 / 1024 }: { beta?: number; alpha?: number } = {},
): number {
  const z = policy.chosen - reference.chosen - (policy.rejected - reference.rejected)
  return Math.log1p(Math.exp(-beta * z)) - alpha * policy.chosen
}
