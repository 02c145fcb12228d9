import fc from 'fast-check'
import { addDim, countOf, type Dim, mulDim, scaleDim } from '../../src/tensor/index.ts'

export const names = ['a', 'b', 'seq', 'past']
/** Sizes for all names, so small that products of 16 are still exact. */
export const bindings = fc
  .tuple(...names.map(() => fc.integer({ min: 0, max: 7 })))
  .map((sizes) => new Map(names.map((n, i) => [n, sizes[i]])))
const atom: fc.Arbitrary<Dim> = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom(...names))
const roundings = fc.constantFrom('ceil' as const, 'floor' as const, 'round' as const)
/** Sums, products and roundings of names and numbers. */
export const dim: fc.Arbitrary<Dim> = fc.letrec<{ dim: Dim }>((tie) => ({
  dim: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    atom,
    fc.tuple(tie('dim'), tie('dim')).map(([a, b]) => addDim(a, b)),
    fc.tuple(tie('dim'), tie('dim')).map(([a, b]) => mulDim(a, b)),
    fc.tuple(tie('dim'), fc.constantFrom(0, 0.25, 0.3, 0.5)).map(([a, share]) => countOf(a, share)),
    fc.tuple(tie('dim'), fc.constantFrom(0.25, 0.3, 0.5), roundings).map(([a, scale, fn]) => scaleDim(a, scale, fn)),
  ),
})).dim
