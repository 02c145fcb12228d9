/** How well patterns that were foretold pick out the pictures that caused them. */
import { pearson } from '../../../evaluation/linear/correlation.ts'

/** Of each picture, how many others its measured pattern looks less like what was foretold of it: ranks from 1, the best. */
export const identityRanks = (
  foretold: readonly (readonly number[])[],
  measured: readonly (readonly number[])[],
): number[] =>
  foretold.map((pattern, own) => {
    const fits = measured.map((other) => pearson(pattern, other))
    return 1 + fits.filter((fit) => fit > fits[own]).length
  })

/** Voxels of a lower ceiling say nothing: chance alone would be many times what they can reach. */
const LEAST_CEILING = 0.05

/** `100 mean(R_v^2 / NC_v)`, R clipped at 0, over voxels whose ceiling is not near 0. */
export function challengeScore(correlations: readonly number[], ceilings: readonly number[]): number {
  const shares = correlations.flatMap((r, v) =>
    ceilings[v] >= LEAST_CEILING ? [Math.max(0, r) ** 2 / ceilings[v]] : [],
  )
  return (100 * shares.reduce((sum, share) => sum + share, 0)) / (shares.length || 1)
}
