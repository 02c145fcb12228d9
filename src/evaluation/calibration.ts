import type { RgbImage } from '../media/image.ts'
import type { Calibration } from '../quantization/node-precision.ts'
import { fromRgba } from '../training/mini/images.ts'
import { type Scene, sample, TASK_IDS } from '../world/index.ts'
import { renderPixels } from '../world/node-canvas.ts'

/** Scenes that activations are measured on: of different tasks, of the split that models may be trained on. */
const IMAGES = 8
const SEED = 20

const draw = (scene: Scene): RgbImage => fromRgba(renderPixels(scene), scene.size, scene.size)

/** Fovea World as calibration for quantized weights. */
export const worldCalibration: Calibration = {
  name: `world train ${SEED} x${IMAGES}`,
  samples: () =>
    Array.from({ length: IMAGES }, (_, index) => {
      const task = TASK_IDS[Math.floor((index * TASK_IDS.length) / IMAGES)]
      const { scene, qa } = sample({ split: 'train', seed: SEED, index, task })
      return { image: draw(scene), prompt: qa.question }
    }),
}
