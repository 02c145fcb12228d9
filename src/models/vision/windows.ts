import type { Grid } from '../vision-side.ts'

/** Windows of equally many patches, one after another in an order of patches. */
export interface WindowGroup {
  readonly windows: number
  readonly patches: number
}

export interface WindowOrder {
  /** For each place the patch, in raster order, that stands there. */
  readonly order: readonly number[]
  readonly groups: readonly WindowGroup[]
}

/**
 * Patches sorted by the window they lie in. Windows are squares of `side` patches from the upper left corner; those at the
 * right and lower edge are smaller where the grid is no whole number of them. Windows of one size stand together, so that
 * attention can run over all of them at once.
 */
export function windowOrder({ rows, columns }: Grid, side: number): WindowOrder {
  const bySize = new Map<number, number[][]>()
  for (let top = 0; top < rows; top += side)
    for (let left = 0; left < columns; left += side) {
      const window: number[] = []
      for (let row = top; row < Math.min(top + side, rows); row++)
        for (let column = left; column < Math.min(left + side, columns); column++) window.push(row * columns + column)
      bySize.set(window.length, [...(bySize.get(window.length) ?? []), window])
    }
  return {
    order: [...bySize.values()].flat(2),
    groups: [...bySize].map(([patches, windows]) => ({ windows: windows.length, patches })),
  }
}

/** For each patch the place where an order puts it. */
export function inverseOrder(order: readonly number[]): number[] {
  const places = new Array<number>(order.length)
  for (const [place, patch] of order.entries()) places[patch] = place
  return places
}

/** For each place the number of its window, places sorted as by `windowOrder`. */
export const windowNumbers = (groups: readonly WindowGroup[]): number[] => {
  let first = 0
  return groups.flatMap(({ windows, patches }) => {
    const numbers = Array.from({ length: windows * patches }, (_, place) => first + Math.floor(place / patches))
    first += windows
    return numbers
  })
}
