import { describe, expect, test } from 'vitest'
import { FEATURES, featuresOf, makeCortex, measure, noiseCeiling, signalOf } from '../../../src/world/cortex/cortex.ts'
import { nodeArt } from '../../../src/world/node-art.ts'
import { makeThingScene } from '../../../src/world/things/make-thing-scene.ts'

const art = nodeArt()
const stimuli = Array.from({ length: 60 }, (_, index) =>
  featuresOf(makeThingScene({ split: 'train', seed: 2, index, art, layout: 'free' })),
)
const cortex = makeCortex({ seed: 1, subjects: 2, voxels: 50 })

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [ma, mb] = [mean(a), mean(b)]
  const product = (x: readonly number[], y: readonly number[], mx: number, my: number) =>
    x.reduce((sum, value, i) => sum + (value - mx) * (y[i] - my), 0)
  return product(a, b, ma, mb) / Math.sqrt(product(a, a, ma, ma) * product(b, b, mb, mb))
}

describe('a synthetic cortex', () => {
  test('answers linearly, by region', () => {
    const [a, b] = stimuli
    const both = signalOf(
      cortex,
      0,
      a.map((value, i) => value + b[i]),
    )
    const [one, two] = [a, b].map((features) => signalOf(cortex, 0, features))
    for (const [voxel, value] of both.entries()) expect(value).toBeCloseTo(one[voxel] + two[voxel], 9)
    const onlyNumber = new Float64Array(FEATURES)
    onlyNumber[FEATURES - 1] = 1
    for (const [voxel, value] of signalOf(cortex, 0, onlyNumber).entries()) {
      expect(value !== 0).toBe(cortex.regions[voxel] === 'number' && cortex.present[0][voxel] === 1)
    }
  })

  test('repeats with new noise, and its mean nears the signal', () => {
    expect(measure(cortex, 0, 3, stimuli[3])).toEqual(measure(cortex, 0, 3, stimuli[3]))
    expect(measure(cortex, 0, 3, stimuli[3], 1)).not.toEqual(measure(cortex, 0, 3, stimuli[3]))
    const mean = Array.from({ length: 400 }, (_, repeat) => measure(cortex, 0, 3, stimuli[3], repeat)[0])
    const average = mean.reduce((sum, value) => sum + value, 0) / mean.length
    expect(Math.abs(average - signalOf(cortex, 0, stimuli[3])[0])).toBeLessThan(0.25)
  })

  test('the ceiling is the squared correlation of measurement and signal', () => {
    const wide = { ...cortex, noise: 0.8 }
    const many = Array.from({ length: 8 }, () => stimuli).flat()
    const ceiling = noiseCeiling(wide, 0, many)
    const voxel = cortex.regions.findIndex((region, at) => region === 'group' && cortex.present[0][at] === 1)
    const measured = many.map((features, i) => measure(wide, 0, i, features)[voxel])
    const signal = many.map((features) => signalOf(wide, 0, features)[voxel])
    expect(Math.abs(correlation(measured, signal) ** 2 - ceiling[voxel])).toBeLessThan(0.08)
    expect(noiseCeiling(wide, 0, many, 4)[voxel]).toBeGreaterThan(ceiling[voxel])
  })

  test('subjects share a map and differ; some voxels are missing', () => {
    const signals = (subject: number) => stimuli.map((features) => signalOf(cortex, subject, features)[1])
    expect(correlation(signals(0), signals(1))).toBeGreaterThan(0.5)
    expect(signals(0)).not.toEqual(signals(1))
    const lacking = makeCortex({ seed: 1, subjects: 1, voxels: 400, missing: 0.2 })
    const share = lacking.present[0].reduce((sum, has) => sum + has, 0) / 400
    expect(Math.abs(share - 0.8)).toBeLessThan(0.08)
  })

  test('refuses options that make no cortex', () => {
    expect(() => makeCortex({ seed: 1, voxels: 0 })).toThrow(/cannot be made: counts are integers from 1/)
    expect(() => makeCortex({ seed: 1, missing: 1 })).toThrow(/missing is below 1/)
  })
})
