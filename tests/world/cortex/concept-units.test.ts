import { expect, it } from 'vitest'
import {
  CONCEPTS,
  conceptsIn,
  makeConceptUnits,
  measureUnit,
  unitSignal,
} from '../../../src/world/cortex/concept-units.ts'
import { featuresOf } from '../../../src/world/cortex/cortex.ts'
import { makeScene } from '../../../src/world/make-scene.ts'

const scene = makeScene({ split: 'train', seed: 1, index: 0, kind: 'objects' })

it('answers .7 for each of its two concepts that is there, with noise of its own', () => {
  const [shown] = [...conceptsIn(scene)]
  const hidden = CONCEPTS.filter((concept) => !conceptsIn(scene).has(concept))
  const unit = { unit: 0, concepts: [shown, hidden[0]] as const }
  expect(unitSignal(unit, scene)).toBe(0.7)
  expect(unitSignal({ unit: 0, concepts: [hidden[0], hidden[1]] }, scene)).toBe(0)
  const measured = (noise: number, stimulus = 'a') => measureUnit(unit, scene, { seed: 1, stimulus, noise })
  expect(measured(0)).toBe(0.7)
  expect(measured(1)).toBe(measured(1))
  expect(measured(1)).not.toBe(measured(1, 'b'))
})

it('has different pairs, the same from a seed, and no more than there are', () => {
  const units = makeConceptUnits({ seed: 3, count: 190 })
  expect(new Set(units.map(({ concepts }) => concepts.join())).size).toBe(190)
  expect(makeConceptUnits({ seed: 3, count: 5 })).toEqual(units.slice(0, 5))
  expect(() => makeConceptUnits({ seed: 3, count: 191 })).toThrow('use 1 to 190')
})

it('voxels answer to shapes as to things', () => {
  const features = featuresOf(scene)
  expect(features.at(-1)).toBe(scene.objects.length / 4)
  const two = featuresOf({ ...scene, objects: [scene.objects[0], scene.objects[0]] })
  const one = featuresOf({ ...scene, objects: [scene.objects[0]] })
  expect([...two]).toEqual([...one].map((value) => 2 * value))
  expect([...one].filter((value) => value > 0).length).toBeGreaterThanOrEqual(4)
})
