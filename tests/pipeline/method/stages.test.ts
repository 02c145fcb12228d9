import { expect, it } from 'vitest'
import { evenShares, fallingShares, stageAt } from '../../../src/pipeline/method/stages.ts'

it('lies at 8, 16 and 24 of 32 layers', () => {
  const found = Array.from({ length: 32 }, (_, layer) => stageAt(layer, 32, evenShares(3)))
  expect(found.flatMap((stage, layer) => (stage === undefined ? [] : [[layer, stage]]))).toEqual([
    [8, 0],
    [16, 1],
    [24, 2],
  ])
})

it('is the last of those that fall on one layer', () => {
  expect([0, 1, 2].map((layer) => stageAt(layer, 3, [0.4, 0.5, 0.6]))).toEqual([undefined, 0, 2])
})

it('falls geometrically', () => {
  expect(fallingShares(0.125, 3)).toEqual([0.5, 0.25, 0.125])
  expect(fallingShares(1, 3)).toEqual([1, 1, 1])
  expect(fallingShares(0, 2)).toEqual([0, 0])
})
