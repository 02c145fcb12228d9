/** Objectives of reinforcement from checkable outcomes, out of log-probabilities. */

/** What is added to the deviation of a group; less than this is no deviation, so that a tiny one is not blown up. */
const [ADDED, LEAST] = [1e-4, 1e-3]

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * A_k = (r_k - mean r) / (std r + 1e-4), the deviation with K - 1; 0 for all where it is below 0.001.
 * @param std false: r_k - mean r, as the survey writes it
 */
export function advantages(rewards: readonly number[], { std = true } = {}): number[] {
  const middle = mean(rewards)
  const centred = rewards.map((reward) => reward - middle)
  const deviation = Math.sqrt(centred.reduce((sum, x) => sum + x * x, 0) / Math.max(1, rewards.length - 1))
  if (deviation < LEAST) return rewards.map(() => 0)
  return std ? centred.map((x) => x / (deviation + ADDED)) : centred
}

/** exp(d) - d - 1 with d = log ref - log pi, held to +-10: at least 0, and 0 where both are one. */
export function k3(policy: number, reference: number): number {
  const d = Math.max(-10, Math.min(10, reference - policy))
  return Math.exp(d) - d - 1
}

export interface Rollout {
  /** Of each token up to the first end of text, that included: log-probability now, when it was drawn, and of the reference. */
  readonly now: readonly number[]
  readonly old: readonly number[]
  readonly reference: readonly number[]
  readonly reward: number
}

export interface GrpoOptions {
  readonly beta?: number
  readonly low?: number
  readonly high?: number
  readonly std?: boolean
  /** Every token of the batch counts alike, not every answer. */
  readonly perToken?: boolean
  /** What each token counts, by answer; 1 when absent. */
  readonly weights?: readonly (readonly number[])[]
}

/** L = mean_k mean_t -[min(rho A, clip(rho, 1 - low, 1 + high) A) - beta k3]. */
export function grpoLoss(group: readonly Rollout[], options: GrpoOptions = {}): number {
  const { beta = 0.04, low = 0.2, high = 0.2, std, perToken = false, weights } = options
  const A = advantages(
    group.map(({ reward }) => reward),
    { std },
  )
  const terms = group.map(({ now, old, reference }, k) =>
    now.map((logProb, t) => {
      const rho = Math.exp(logProb - old[t])
      const clipped = Math.max(1 - low, Math.min(1 + high, rho))
      const term = -(Math.min(rho * A[k], clipped * A[k]) - beta * k3(logProb, reference[t]))
      return (weights?.[k][t] ?? 1) * term
    }),
  )
  return perToken ? mean(terms.flat()) : mean(terms.map(mean))
}

/** Reg-GRPO: mean_k (sum_t log pi / pi_old - eta A_k)^2, with the ratio to the old policy, as the survey's table has it. */
export function regressionLoss(group: readonly Rollout[], eta = 1): number {
  const A = advantages(group.map(({ reward }) => reward))
  const ratio = ({ now, old }: Rollout) => now.reduce((sum, logProb, t) => sum + logProb - old[t], 0)
  return mean(group.map((rollout, k) => (ratio(rollout) - eta * A[k]) ** 2))
}

/**
 * T-GRPO: answers to frames in their order that are right (above 0.1) get alpha more where they are right as often as those
 * to shuffled frames, up to a share of `least`.
 */
export function orderBonus(
  ordered: readonly number[],
  shuffled: readonly number[],
  { alpha = 0.3, least = 0.8 } = {},
): number[] {
  const pays = mean(ordered) >= least * mean(shuffled)
  return ordered.map((accuracy) => accuracy + (pays && accuracy > 0.1 ? alpha : 0))
}

/** 0.2 for each right answer (above 0.1) of 320 to 512 tokens, where more than one of the group is right. */
export function lengthBonus(group: readonly { readonly accuracy: number; readonly tokens: number }[]): number[] {
  const right = group.filter(({ accuracy }) => accuracy > 0.1).length
  return group.map(({ accuracy, tokens }) => (right > 1 && accuracy > 0.1 && tokens >= 320 && tokens <= 512 ? 0.2 : 0))
}

/**
 * TW-GRPO: w_t = 1 + (alpha - 1) minmax_t(mean_k sum_v [exp(u) - u - 1]), u = mean_k log p_k(v) - log p_k(v).
 * @param steps for each place, for each answer, log-probabilities of all words there
 */
export function tokenWeights(steps: readonly (readonly (readonly number[])[])[], alpha = 1.7): number[] {
  const spread = steps.map((answers) => {
    const middle = answers[0].map((_, v) => mean(answers.map((row) => row[v])))
    return mean(
      answers.map((row) =>
        row.reduce((sum, logProb, v) => sum + Math.exp(middle[v] - logProb) - (middle[v] - logProb) - 1, 0),
      ),
    )
  })
  const [low, high] = [Math.min(...spread), Math.max(...spread)]
  return spread.map((value) => 1 + (alpha - 1) * (high > low ? (value - low) / (high - low) : 0))
}

/** Prompts that teach something: their answers are not all worth the same. */
export const teaches = (rewards: readonly number[]): boolean => rewards.some((reward) => reward !== rewards[0])
