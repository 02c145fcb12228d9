/** Who saw which picture of the World, and what their voxels answered. */

import { type Cortex, featuresOf, makeCortex, measure, type Scene } from '../../../world/index.ts'
import { principalComponents } from '../../interpretability/xl-vlms/principal.ts'
import { SUBJECTS, VOXELS } from './head.ts'

/** Pictures that voxels are measured for. */
export const PICTURES = 300
/** One picture in so many is shown to every subject, the others to one each. */
const SHARED_EVERY = 10

export interface Trial {
  /** Number of the scene. */
  readonly scene: number
  readonly subject: number
  readonly voxels: Float64Array
}

export const cortexOf = (seed: number): Cortex => makeCortex({ seed, subjects: SUBJECTS, voxels: VOXELS })

/** The first so many scenes of shapes, by their numbers; of what there is where none is. */
export function picturesOf(sceneOf: (index: number) => Scene, scenes: number, count = PICTURES): number[] {
  const all = [...Array(scenes).keys()]
  const shapes = all.filter((index) => sceneOf(index).kind === 'objects')
  return (shapes.length > 0 ? shapes : all).slice(0, count)
}

export function trialsOf(cortex: Cortex, pictures: readonly number[], sceneOf: (index: number) => Scene): Trial[] {
  return pictures.flatMap((scene, at) => {
    const subjects = at % SHARED_EVERY === 0 ? [...Array(SUBJECTS).keys()] : [at % SUBJECTS]
    const features = featuresOf(sceneOf(scene))
    return subjects.map((subject) => ({ scene, subject, voxels: measure(cortex, subject, scene, features) }))
  })
}

/** Fixed map of voxels: orthonormal loadings E [V][C], and the mean of each voxel. */
export interface VoxelMap {
  readonly loadings: readonly (readonly number[])[]
  readonly mean: readonly number[]
}

/** Group PCA of training responses; voxels that a subject lacks count as the mean of those who have them. */
export function groupPca(
  rows: readonly ArrayLike<number>[],
  present: readonly ArrayLike<number>[],
  components: number,
): VoxelMap {
  const means = Array.from(rows[0], (_, voxel) => {
    const own = rows.flatMap((row, n) => (present[n][voxel] ? [row[voxel]] : []))
    return own.length > 0 ? own.reduce((sum, value) => sum + value, 0) / own.length : 0
  })
  const whole = rows.map((row, n) => means.map((mean, voxel) => (present[n][voxel] ? row[voxel] : mean)))
  const { atoms, mean } = principalComponents(whole, components)
  return { loadings: mean.map((_, voxel) => atoms.map((atom) => atom[voxel])), mean }
}

/** What a picture of shapes shows, in words. */
export const captionOfShapes = ({ objects }: Pick<Scene, 'objects'>): string =>
  objects.length > 0 ? objects.map(({ color, shape }) => `${color} ${shape}`).join(', ') : 'nothing'
