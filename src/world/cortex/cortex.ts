import { FoveaError } from '../../errors.ts'
import { hashOf, Rng } from '../rng.ts'
import type { Scene } from '../scene.ts'
import { nameOf } from '../things/item.ts'
import { groupOf, itemsOf } from '../things/questions/names.ts'
import { middleOf } from '../things/questions/place.ts'
import { GROUPS, type Group } from '../things/table.ts'
import { COLORS, type Color } from '../vocabulary.ts'

/** What the voxels of a region answer to. */
export const REGIONS = ['identity', 'group', 'color', 'position', 'number'] as const
export type Region = (typeof REGIONS)[number]

/** Things share these many identity features, each thing its own few. */
const IDENTITY = 32
const SIZES: Readonly<Record<Region, number>> = {
  identity: IDENTITY,
  group: GROUPS.length,
  color: COLORS.length,
  position: 9,
  number: 1,
}

/** How many hidden features a scene has. */
export const FEATURES = REGIONS.reduce((sum, region) => sum + SIZES[region], 0)

/** What a scene of things or of shapes shows. */
interface Shown {
  readonly name: string
  readonly group?: Group
  readonly color?: Color
  readonly middle: readonly [number, number]
}

const shownIn = (scene: Scene): Shown[] => [
  ...itemsOf(scene).map((item) => ({
    name: nameOf(item),
    group: groupOf(item),
    color: item.color,
    middle: middleOf(item),
  })),
  ...scene.objects.map(({ shape, color, x, y }) => ({ name: shape, color, middle: [x, y] as const })),
]

/** The hidden features of a scene, region by region: what is there, of which group, in which colour, where, how many. */
export function featuresOf(scene: Scene): Float64Array {
  const parts: Record<Region, number[]> = {
    identity: new Array(SIZES.identity).fill(0),
    group: new Array(SIZES.group).fill(0),
    color: new Array(SIZES.color).fill(0),
    position: new Array(SIZES.position).fill(0),
    number: [shownIn(scene).length / 4],
  }
  for (const { name, group, color, middle } of shownIn(scene)) {
    const hash = hashOf(name)
    for (const bits of [hash, hash >>> 8, hash >>> 16]) parts.identity[bits % IDENTITY] += 1
    if (group) parts.group[GROUPS.indexOf(group)] += 1
    if (color) parts.color[COLORS.indexOf(color)] += 1
    const [x, y] = middle.map((value) => Math.min(2, Math.floor((3 * value) / scene.size)))
    parts.position[3 * y + x] += 1
  }
  return Float64Array.from(REGIONS.flatMap((region) => parts[region]))
}

export interface CortexOptions {
  readonly seed: number
  /** 4 unless given. */
  readonly subjects?: number
  /** Of each subject, 200 unless given. */
  readonly voxels?: number
  /** Deviation of the noise of one measurement, 1 unless given; signals have deviations around 1. */
  readonly noise?: number
  /** How far the maps of subjects differ from the map that they share, .3 unless given. */
  readonly individuality?: number
  /** Share of voxels that a subject lacks, .05 unless given. */
  readonly missing?: number
}

export interface Cortex {
  readonly voxels: number
  readonly noise: number
  readonly seed: number
  /** Of each voxel. */
  readonly regions: readonly Region[]
  /** Of each subject, voxels x `FEATURES`; row of a missing voxel: zeros. */
  readonly maps: readonly Float64Array[]
  /** Of each subject and voxel, 1 where the subject has it. */
  readonly present: readonly Uint8Array[]
}

function checkOptions({ subjects = 4, voxels = 200, noise = 1, missing = 0.05 }: CortexOptions): void {
  const fits = Number.isInteger(subjects) && subjects > 0 && Number.isInteger(voxels) && voxels > 0
  if (fits && noise >= 0 && missing >= 0 && missing < 1) return
  const message = `A cortex of ${subjects} subjects, ${voxels} voxels, noise ${noise}, missing ${missing} cannot be made: counts are integers from 1, noise is not negative, missing is below 1`
  throw new FoveaError('world-cortex', 'usage', message)
}

/** Weights of a voxel: normal deviates on the features of its region, zero elsewhere. */
function weightsFor(region: Region, rng: Rng): Float64Array {
  const row = new Float64Array(FEATURES)
  const before = REGIONS.slice(0, REGIONS.indexOf(region)).reduce((sum, other) => sum + SIZES[other], 0)
  for (let i = 0; i < SIZES[region]; i++) row[before + i] = rng.normal()
  return row
}

/**
 * A synthetic cortex: voxels that answer linearly to hidden features of scenes, subjects who share a map and differ from it,
 * voxels that some lack. A function of its options. Throws FoveaError kind `usage` `world-cortex`.
 */
export function makeCortex(options: CortexOptions): Cortex {
  checkOptions(options)
  const { seed, subjects = 4, voxels = 200, noise = 1, individuality = 0.3, missing = 0.05 } = options
  const rng = Rng.from(seed, 'cortex')
  const regions = Array.from({ length: voxels }, (_, voxel) => REGIONS[voxel % REGIONS.length])
  const shared = regions.map((region) => weightsFor(region, rng))
  const present: Uint8Array[] = []
  const maps = Array.from({ length: subjects }, (_, subject) => {
    const own = Rng.from(seed, 'cortex', 'subject', subject)
    const map = new Float64Array(voxels * FEATURES)
    const has = Uint8Array.from(regions, () => (own.chance(missing) ? 0 : 1))
    for (const [voxel, region] of regions.entries()) {
      const residual = weightsFor(region, own)
      for (let i = 0; i < FEATURES; i++) {
        if (has[voxel]) map[voxel * FEATURES + i] = shared[voxel][i] + individuality * residual[i]
      }
    }
    present.push(has)
    return map
  })
  return { voxels, noise, seed, regions, maps, present }
}

/** What voxels would answer without noise. */
export function signalOf({ voxels, maps }: Cortex, subject: number, features: Float64Array): Float64Array {
  const map = maps[subject]
  return Float64Array.from({ length: voxels }, (_, voxel) => {
    let sum = 0
    for (let i = 0; i < FEATURES; i++) sum += map[voxel * FEATURES + i] * features[i]
    return sum
  })
}

/** One measurement: the signal with noise that is new for every subject, stimulus and repeat. */
export function measure(
  cortex: Cortex,
  subject: number,
  stimulus: number,
  features: Float64Array,
  repeat = 0,
): Float64Array {
  const rng = Rng.from(cortex.seed, 'cortex', 'noise', subject, stimulus, repeat)
  return signalOf(cortex, subject, features).map((value, voxel) =>
    cortex.present[subject][voxel] ? value + cortex.noise * rng.normal() : 0,
  )
}

/**
 * Share of each voxel's variance over stimuli that a perfect model could explain in the mean of `repeats` measurements:
 * var(signal) / (var(signal) + noise^2 / repeats); 0 for voxels that the subject lacks.
 */
export function noiseCeiling(
  cortex: Cortex,
  subject: number,
  stimuli: readonly Float64Array[],
  repeats = 1,
): Float64Array {
  const signals = stimuli.map((features) => signalOf(cortex, subject, features))
  return Float64Array.from({ length: cortex.voxels }, (_, voxel) => {
    const mean = signals.reduce((sum, signal) => sum + signal[voxel], 0) / signals.length
    const variance = signals.reduce((sum, signal) => sum + (signal[voxel] - mean) ** 2, 0) / signals.length
    return variance > 0 ? variance / (variance + cortex.noise ** 2 / repeats) : 0
  })
}
