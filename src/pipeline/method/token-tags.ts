import type { SlotTags } from '../../models/language/sequence.ts'
import type { Grid } from '../../models/vision-side.ts'
import {
  add,
  cast,
  constant,
  div,
  fixedDim,
  floor,
  greater,
  greaterEqual,
  maximum,
  mul,
  reshape,
  scatterAdd,
  select,
  type Tensor,
} from '../../tensor/index.ts'
import type { GatheredTokens } from './visual-tokens.ts'

/**
 * What the tokens of one view are told apart by where they are traced, i64 [b, m] each; the same that `layout` says of them
 * in a prompt: a token lies in the middle of the patches that went into it, or of the view where none did.
 */
export function visualTags(
  { states, owner }: Pick<GatheredTokens, 'states' | 'owner'>,
  grid: Grid,
): Required<Pick<SlotTags, 'view' | 'row' | 'column'>> {
  const [batch, m] = states.shape
  const patches = fixedDim('tags', owner, 1)
  const isKept = cast(greaterEqual(owner, 0), 'i64')
  const sumOf = (values: Tensor) => cast(scatterAdd([batch, m], maximum(owner, 0), mul(isKept, values)), 'f32')
  const counts = sumOf(constant(new Array(patches).fill(1), [1, patches], 'i64'))
  const middle = (end: number, of: (inGrid: number) => number): Tensor => {
    const places = Array.from({ length: patches }, (_, patch) => of(patch % (grid.rows * grid.columns)))
    const mean = div(sumOf(constant(places, [1, patches], 'i64')), maximum(counts, 1))
    return cast(floor(add(select(greater(counts, 0), mean, end / 2), 0.5)), 'i64')
  }
  return {
    view: reshape(cast(mul(counts, 0), 'i64'), [batch, m]),
    row: middle(grid.rows - 1, (inGrid) => Math.floor(inGrid / grid.columns)),
    column: middle(grid.columns - 1, (inGrid) => inGrid % grid.columns),
  }
}
