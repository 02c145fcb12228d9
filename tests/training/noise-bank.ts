import { f32 } from '../../src/runtime/index.ts'
import type { FeatureBank } from '../../src/training/feature-bank.ts'
import { trainingScene } from '../../src/training/mini/questions.ts'
import { Rng } from '../../src/world/rng.ts'
import { PATCHES } from '../pipeline/tiny-model.ts'

const WIDTH = 32

/** Eight scenes whose features are noise from a seed. */
export const noiseBank: FeatureBank = {
  scenes: 8,
  scene: (index) => trainingScene({ split: 'train', seed: 1 }, index),
  features: (indices) => {
    const noise = indices.flatMap((index) => {
      const rng = Rng.from(index, 'features')
      return Array.from({ length: PATCHES * WIDTH }, () => rng.normal())
    })
    return { patches: f32([indices.length, PATCHES, WIDTH], Float32Array.from(noise)) }
  },
}
