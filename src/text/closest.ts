/**
 * Damerau-Levenshtein distance: the least number of insertions, deletions, substitutions and swaps of neighbours that
 * turn `a` into `b`. Unrestricted (a swapped pair may be edited again), so the triangle inequality holds.
 *
 * R. Lowrance, R. A. Wagner, An Extension of the String-to-String Correction Problem, 1975.
 */
export function editDistance(a: string, b: string): number {
  const from = [...a]
  const to = [...b]
  const far = from.length + to.length
  // cost[i + 1][j + 1] is the distance of the first i and j characters; row and column 0 stop swaps at the border.
  const cost = Array.from({ length: from.length + 2 }, (_, i) =>
    Array.from({ length: to.length + 2 }, (_, j) => (i === 0 || j === 0 ? far : Math.max(i, j) - 1)),
  )
  const lastRow = new Map<string, number>()
  for (let i = 1; i <= from.length; i++) {
    let lastColumn = 0
    for (let j = 1; j <= to.length; j++) {
      const row = lastRow.get(to[j - 1]) ?? 0
      const same = from[i - 1] === to[j - 1]
      const substitute = cost[i][j] + (same ? 0 : 1)
      const insertOrDelete = Math.min(cost[i + 1][j], cost[i][j + 1]) + 1
      const swap = cost[row][lastColumn] + (i - row - 1) + 1 + (j - lastColumn - 1)
      cost[i + 1][j + 1] = Math.min(substitute, insertOrDelete, swap)
      if (same) lastColumn = j
    }
    lastRow.set(from[i - 1], i)
  }
  return cost[from.length + 1][to.length + 1]
}

/**
 * The candidates that someone who typed `word` may have meant: at most `n`, nearest first, equal distances in the order
 * given. Case is ignored. A candidate that differs in more than half of the longer word's characters is not offered.
 */
export function closest(word: string, candidates: readonly string[], n = 3): string[] {
  const lower = word.toLowerCase()
  return candidates
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(word.length, candidate.length) / 2)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, n)
    .map(({ candidate }) => candidate)
}
