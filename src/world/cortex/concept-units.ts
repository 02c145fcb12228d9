/** Units that answer to two nameable concepts each, so that words about them can be held to the truth. */
import { FoveaError } from '../../errors.ts'
import { Rng } from '../rng.ts'
import type { Scene } from '../scene.ts'
import { COLORS, SHAPES } from '../vocabulary.ts'

/** What a unit of shapes may answer to: colours and shapes, by the words for them. */
export const CONCEPTS: readonly string[] = [...COLORS, ...SHAPES]

/** How much each of its two concepts adds to what a unit answers. */
const SHARE = 0.7

export interface ConceptUnit {
  /** Number of the unit, which its noise is drawn from. */
  readonly unit: number
  readonly concepts: readonly [string, string]
}

/** The concepts that a scene of shapes shows, each once. */
export const conceptsIn = ({ objects }: Pick<Scene, 'objects'>): ReadonlySet<string> =>
  new Set(objects.flatMap(({ color, shape }) => [color, shape]))

/** So many units of different pairs of concepts, from a seed. Throws FoveaError kind `usage` `world-cortex`. */
export function makeConceptUnits({ seed, count }: { readonly seed: number; readonly count: number }): ConceptUnit[] {
  const pairs = CONCEPTS.flatMap((a, at) => CONCEPTS.slice(at + 1).map((b) => [a, b] as const))
  if (!Number.isInteger(count) || count < 1 || count > pairs.length) {
    const message = `${count} units cannot be made: there are ${pairs.length} pairs of concepts, so use 1 to ${pairs.length}`
    throw new FoveaError('world-cortex', 'usage', message)
  }
  const drawn = Rng.from(seed, 'concept units').shuffle(pairs)
  return drawn.slice(0, count).map((concepts, unit) => ({ unit, concepts }))
}

/** What a unit answers without noise: .7 for each of its concepts that the scene shows. */
export function unitSignal({ concepts }: ConceptUnit, scene: Pick<Scene, 'objects'>): number {
  const shown = conceptsIn(scene)
  return concepts.reduce((sum, concept) => sum + (shown.has(concept) ? SHARE : 0), 0)
}

/** One measurement, with noise that is new for every unit and stimulus. `stimulus` names the scene. */
export function measureUnit(
  unit: ConceptUnit,
  scene: Pick<Scene, 'objects'>,
  { seed, stimulus, noise = 0.3 }: { readonly seed: number; readonly stimulus: string; readonly noise?: number },
): number {
  const rng = Rng.from(seed, 'concept units', 'noise', unit.unit, stimulus)
  return unitSignal(unit, scene) + noise * rng.normal()
}
