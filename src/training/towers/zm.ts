import { type ClipVisionConfig, clipVision } from '../../models/vision/clip.ts'
import { lastStates } from '../../models/vision/tower.ts'
import { encoderStack } from '../../models/vision/transformer.ts'
import { layerNormed, linear, type Scope } from '../../nn/index.ts'
import { normal } from '../../nn/scope.ts'
import { gatherRows } from '../../pipeline/method/rows.ts'
import { f32, i64 } from '../../runtime/index.ts'
import {
  add,
  concat,
  constant,
  div,
  expand,
  fixedDim,
  input,
  mean,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  type Tensor,
  transpose,
  weightedMean,
} from '../../tensor/index.ts'
import { Rng } from '../../world/index.ts'
import type { Stream } from '../mix.ts'
import type { TrainingData } from '../recipe.ts'
import type { Batch } from '../step.ts'
import { pictureBank, preprocessorOf } from './picture-bank.ts'
import { imageOfScene, towerScene } from './scenes.ts'
import { ENCODER, layersOf, stageOf, type Tower, type TowerSize } from './tower.ts'

const SIZES = {
  full: { side: 96, patch: 12, batch: 128, scenes: 6000, steps: 2500, decoder: 96 },
  tiny: { side: 48, patch: 12, batch: 4, scenes: 4, steps: 3, decoder: 16 },
} as const

/** Share of patches that the encoder is not shown. */
const HIDDEN = 0.75

const DECODER = 'decoder'

function sizesOf(size: TowerSize) {
  const { side, patch, ...rest } = SIZES[size]
  const patches = (side / patch) ** 2
  return { side, patch, patches, shown: Math.round(patches * (1 - HIDDEN)), ...rest }
}

const configOf = (size: TowerSize): ClipVisionConfig & { model_type: string; num_channels: number } => {
  const { side, patch } = SIZES[size]
  return {
    model_type: 'clip_vision_model',
    ...layersOf(size, 4),
    ...ENCODER,
    image_size: side,
    patch_size: patch,
    num_channels: 3,
  }
}

/** States of CLS and of the patches that are shown: pixels [b, 3, H, W], shown i64 [b, k] -> [b, 1 + k, d]. */
function encodeShown(p: Scope, config: ClipVisionConfig, pixels: Tensor, shown: Tensor): Tensor {
  const batch = fixedDim('shown', shown, 0)
  const rows = concat([constant(new Array<number>(batch).fill(0), [batch, 1], 'i64'), add(shown, 1)], 1)
  return lastStates(
    clipVision(p, config, pixels, {
      layer: (index, patches, next) =>
        next(index === 0 ? { ...patches, states: gatherRows(patches.states, rows) } : patches),
    }),
  )
}

/**
 * Pixels of every patch from those that were shown: a mask token stands for each of the others (He et al., arXiv 2111.06377,
 * section 3). `order` i64 [b, n] puts the shown ones and the others back in their places; -> [b, n, 3 patch^2].
 */
function decodePatches(p: Scope, states: Tensor, order: Tensor, width: number, pixels: number): Tensor {
  const [batch, patches] = order.shape.map(Number)
  const seen = slice(linear(p.at('embed'), states, width), 1, 1)
  const hidden = patches - fixedDim('decoder', seen, 1)
  const mask = expand(reshape(p('mask_embedding', [width], normal(0.02)), [1, 1, width]), [batch, hidden, width])
  const all = gatherRows(concat([seen, mask], 1), order)
  const placed = add(all, p.at('position_embedding')('weight', [patches, width]))
  const config = {
    ...ENCODER,
    hidden_size: width,
    intermediate_size: 2 * width,
    num_hidden_layers: 2,
    num_attention_heads: 4,
  }
  const decoded = encoderStack(p, config, placed)
  return linear(p.at('pixels'), layerNormed(p.at('norm'), decoded, ENCODER.layer_norm_eps), pixels)
}

/** Patches of pixels [b, 3, H, W], each with mean 0 and variance 1: [b, n, 3 patch^2]. */
function patchTargets(pixels: Tensor, patch: number): Tensor {
  const [batch, , side] = pixels.shape.map(Number)
  const rows = side / patch
  const cells = transpose(reshape(pixels, [batch, 3, rows, patch, rows, patch]), [0, 2, 4, 1, 3, 5])
  const flat = reshape(cells, [batch, rows * rows, 3 * patch * patch])
  const centred = sub(flat, mean(flat, -1, true))
  return div(centred, sqrt(add(mean(square(centred), -1, true), 1e-2)))
}

function maskedScenes({ seed }: TrainingData, size: TowerSize): Stream<Batch> {
  const { side, batch, scenes, patches, shown } = sizesOf(size)
  const bank = pictureBank(side, (index) => ({ images: [imageOfScene(towerScene(seed, index))], facts: undefined }))
  return (step) => {
    const rng = Rng.from(seed, 'tower-zm', step)
    const chosen = Array.from({ length: batch }, () => rng.int(0, scenes - 1))
    const orders = chosen.map(() => rng.shuffle(Array.from({ length: patches }, (_, at) => at)))
    const kept = orders.map((order) => order.slice(0, shown).sort((a, b) => a - b))
    const places = orders.map((order, row) => placesOf([...kept[row], ...order.slice(shown)]))
    const hidden = kept.flatMap((row) => Array.from({ length: patches }, (_, at) => Number(!row.includes(at))))
    return {
      pixels: bank.pixels(chosen),
      shown: i64([batch, shown], kept.flat()),
      order: i64([batch, patches], places.flat()),
      hidden: f32([batch, patches], Float32Array.from(hidden)),
    }
  }
}

/** Where each patch stands in an order. */
function placesOf(order: readonly number[]): number[] {
  const places = new Array<number>(order.length)
  for (const [at, patch] of order.entries()) places[patch] = at
  return places
}

/** A masked autoencoder: what a patch looks like from a few others. */
export const zm: Tower = {
  id: 'zm',
  about: 'masked autoencoder on scenes: CLIP-like vision encoder, its decoder in a file of its own',
  recipe: ({ size }) => {
    const { side, patch, batch, steps, patches, shown, decoder } = sizesOf(size)
    const config = configOf(size)
    return {
      stage: {
        name: 'masked',
        ...stageOf(size, { steps, batch }),
        losses: (p) => {
          const pixels = input('pixels', [batch, 3, side, side])
          const states = encodeShown(p.at('vision_model'), config, pixels, input('shown', [batch, shown], 'i64'))
          const order = input('order', [batch, patches], 'i64')
          const made = decodePatches(p.at(DECODER), states, order, decoder, 3 * patch * patch)
          const error = mean(square(sub(made, patchTargets(pixels, patch))), -1)
          return { patches: weightedMean(error, input('hidden', [batch, patches])) }
        },
        batches: (data) => maskedScenes(data, size),
      },
      files: { 'preprocessor_config.json': preprocessorOf(side), 'config.json': config },
      aside: { prefix: `${DECODER}.`, file: 'decoder.safetensors' },
    }
  },
}
