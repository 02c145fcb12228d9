/** Reductions in stages through the layers of a language model. */

/**
 * The stage at a layer, for stages that begin at shares of the depth; where several fall on one layer, the last of them.
 * Undefined where none does. Layers are counted from 0; a share of 1 is never reached.
 */
export function stageAt(layer: number, layers: number, shares: readonly number[]): number | undefined {
  const found = shares.findLastIndex((share) => Math.round(share * layers) === layer)
  return found < 0 ? undefined : found
}

/** Stages spread evenly: `count` of them at 1 / (count + 1), 2 / (count + 1), ... of the depth. */
export const evenShares = (count: number): number[] => Array.from({ length: count }, (_, at) => (at + 1) / (count + 1))

/** Shares that fall geometrically to the last: keep^(1 / count), ..., keep. */
export const fallingShares = (keep: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => keep ** ((at + 1) / count))
