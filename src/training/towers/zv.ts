import { type ConvHybridConfig, convHybrid } from '../../models/vision/conv-hybrid.ts'
import { lastStates } from '../../models/vision/tower.ts'
import { layerNormed, linear } from '../../nn/index.ts'
import { i64 } from '../../runtime/index.ts'
import { add, cast, crossEntropy, greater, input, mul, type Tensor } from '../../tensor/index.ts'
import { ITEM_CLASSES, itemLabels, makeThingScene, Rng } from '../../world/index.ts'
import { nodeArt } from '../../world/node-art.ts'
import type { Stream } from '../mix.ts'
import type { TrainingData } from '../recipe.ts'
import type { Batch } from '../step.ts'
import { pictureBank, preprocessorOf } from './picture-bank.ts'
import { imageOfScene } from './scenes.ts'
import { ENCODER, layersOf, stageOf, type Tower, type TowerSize } from './tower.ts'

const SIZES = {
  full: { side: 96, batch: 48, scenes: 5000, steps: 2000, widths: [24, 48, 96], depths: [1, 2, 2] },
  tiny: { side: 32, batch: 2, scenes: 2, steps: 3, widths: [8, 8, 16], depths: [1, 1, 1] },
} as const

const NAMES = Object.keys(ITEM_CLASSES) as (keyof typeof ITEM_CLASSES)[]
/** The input that brings the classes of cells. */
const labelsOf = (name: string): string => `${name}Labels`

/** Cells without a thing outnumber the others; they count this much. */
const BACKGROUND = 0.1

function configOf(size: TowerSize): ConvHybridConfig & { model_type: string } {
  const { side, widths, depths } = SIZES[size]
  return {
    model_type: 'conv_hybrid_vision_model',
    ...layersOf(size, 3),
    ...ENCODER,
    image_size: side,
    patch_size: 2 ** widths.length,
    stage_widths: [...widths],
    stage_depths: [...depths],
  }
}

/** Which thing, of which group and which colour, every cell shows. */
function labelledScenes({ seed }: TrainingData, size: TowerSize): Stream<Batch> {
  const { side, batch, scenes } = SIZES[size]
  const grid = side / configOf(size).patch_size
  const bank = pictureBank(side, (index) => {
    const scene = makeThingScene({ split: 'train', seed, index, art: nodeArt() })
    return { images: [imageOfScene(scene)], facts: itemLabels(scene, grid, nodeArt()) }
  })
  return (step) => {
    const rng = Rng.from(seed, 'tower-zv', step)
    const chosen = Array.from({ length: batch }, () => rng.int(0, scenes - 1))
    const labels = chosen.map((index) => bank.facts(index))
    const classes = NAMES.map((name) => [
      labelsOf(name),
      i64(
        [batch, grid * grid],
        labels.flatMap((each) => [...each[name]]),
      ),
    ])
    return { pixels: bank.pixels(chosen), ...Object.fromEntries(classes) }
  }
}

/** Cross entropy of cells, where those without a thing count little. */
function cellLoss(logits: Tensor, labels: Tensor): Tensor {
  const weights = add(mul(cast(greater(labels, 0), 'f32'), 1 - BACKGROUND), BACKGROUND)
  return crossEntropy(logits, labels, { weights })
}

/** A convolutional hybrid that knows what every cell of a picture shows. */
export const zv: Tower = {
  id: 'zv',
  about: 'convolutional hybrid on what every cell of a scene shows',
  recipe: ({ size }) => {
    const { side, batch, steps } = SIZES[size]
    const config = configOf(size)
    const cells = (side / config.patch_size) ** 2
    return {
      stage: {
        name: 'cells',
        ...stageOf(size, { steps, batch }),
        losses: (p) => {
          const features = convHybrid(p.at('vision_model'), config, input('pixels', [batch, 3, side, side]))
          const states = layerNormed(p.at('heads', 'norm'), lastStates(features), ENCODER.layer_norm_eps)
          const losses = NAMES.map((name) => {
            const logits = linear(p.at('heads', name), states, ITEM_CLASSES[name])
            return [name, cellLoss(logits, input(labelsOf(name), [batch, cells], 'i64'))] as const
          })
          return Object.fromEntries(losses)
        },
        batches: (data) => labelledScenes(data, size),
      },
      files: { 'preprocessor_config.json': preprocessorOf(side), 'config.json': config },
      aside: { prefix: 'heads.' },
    }
  },
}
