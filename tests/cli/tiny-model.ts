import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { llava } from '../../src/models/vlm/llava.ts'
import { createScope } from '../../src/nn/index.ts'
import { f32 } from '../../src/runtime/index.ts'
import { initialise } from '../../src/training/initialise.ts'
import { miniConfig } from '../../src/training/mini/config.ts'
import { exportMini } from '../../src/training/mini/export.ts'
import { lessonLosses } from '../../src/training/mini/losses.ts'
import { partsOf } from '../../src/training/mini/parts.ts'
import { Rng } from '../../src/world/rng.ts'

/** Visual tokens of the tiny model: 4 x 4 patches. */
export const TINY_PATCHES = 16

/** Writes a model folder of a few thousand random weights, whose answers mean nothing but are always the same. */
export async function writeTinyModel(folder: string): Promise<string> {
  const tokenizer = JSON.parse(readFileSync('models/fovea-mini/tokenizer.json', 'utf8'))
  const { vision_config, text_config, ...rest } = miniConfig(Object.keys(tokenizer.model.vocab).length, 4)
  const small = { hidden_size: 32, intermediate_size: 48, num_hidden_layers: 3, num_attention_heads: 2 }
  const config = {
    ...rest,
    vision_config: { ...vision_config, ...small, image_size: 32 },
    text_config: { ...text_config, ...small, num_key_value_heads: 1 },
  }
  const scope = createScope()
  lessonLosses(scope, llava.bind(config), partsOf({ batch: 1, text: 4 }).slice(0, 1), () => [])
  const rng = Rng.from(1, 'tiny model')
  const values = [...scope.parameters].map(([name, { shape }]) => {
    return [name, f32(shape.map(Number), initialise(name, shape, 3, rng))] as const
  })
  await exportMini(folder, { config, values: new Map(values), tokenizer })
  return folder
}

/** Writes a PNG with a red square and returns its path. */
export async function writeSquare(folder: string, name = 'square.png', side = 64): Promise<string> {
  const half = Math.max(1, Math.floor(side / 2))
  const square = await sharp({ create: { width: half, height: half, channels: 3, background: '#d22' } })
    .png()
    .toBuffer()
  const path = join(folder, name)
  const canvas = sharp({ create: { width: side, height: side, channels: 3, background: '#fff' } })
  await canvas
    .composite([{ input: square, left: 0, top: 0 }])
    .png()
    .toFile(path)
  return path
}
