import { expect, it } from 'vitest'
import { mixture } from '../../../src/pipeline/talk/mixture.ts'

const row = (...chances: number[]) => Float32Array.from(chances, (chance) => Math.log(chance) + 5)
const chances = (logits: Float32Array) => Array.from(logits, Math.exp)

it('mixes chances by weights, whatever the scale of rows and weights', () => {
  const mixed = chances(mixture([row(0.5, 0.25, 0.25), row(0.1, 0.1, 0.8)], [3, 1]))
  for (const [at, expected] of [0.4, 0.2125, 0.3875].entries()) expect(mixed[at]).toBeCloseTo(expected, 5)
  expect(mixture([row(0.5, 0.5)], [7])[0]).toBeCloseTo(Math.log(0.5), 5)
})

it('holds for logits beyond what exp can hold, and leaves out what weighs nothing', () => {
  const [first, second] = chances(mixture([Float32Array.of(1000, 0), Float32Array.of(-1000, 1000)], [1, 0]))
  expect([first, second]).toEqual([1, 0])
})
