/** Scenes of the World with what a frozen vision encoder makes of them: computed once, kept in half precision. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { f16ToF32, f32ToF16 } from '../checkpoints/dtypes.ts'
import { openSafetensors, saveSafetensors } from '../checkpoints/safetensors.ts'
import { FoveaError } from '../errors.ts'
import { createScope } from '../nn/index.ts'
import { pixelsOf } from '../pipeline/flow/vision-program.ts'
import type { ModelParts } from '../pipeline/parts.ts'
import { cacheFolder, ignoreFullDisk, makeEntryFolder } from '../quantization/node-cache.ts'
import { type Backend, compile, f32, type Value } from '../runtime/index.ts'
import { squareFeatures } from './dialogue.ts'
import { imageOf } from './mini/data.ts'
import { type TrainingScene, trainingScene } from './mini/questions.ts'

export interface FeatureBank {
  readonly scenes: number
  /** The scene of an index, as it was drawn. */
  scene(index: number): TrainingScene
  /** Features of several scenes, [count, patches, width]. */
  features(indices: readonly number[]): Value<Float32Array>
}

export interface BankOptions {
  readonly backend: Backend
  readonly parts: Pick<ModelParts, 'architecture' | 'preprocessor' | 'weights' | 'adapters'>
  readonly scenes: number
  readonly onNote?: (note: string) => void
  readonly signal?: AbortSignal
}

/** Scenes are drawn from a seed of their own, so that runs of all seeds share a bank; questions differ. */
const BANK_SEED = 77

/** The bank of a model: from the cache, or made now. Throws FoveaError `bank_views` for models that cut their images. */
export async function featureBank(options: BankOptions): Promise<FeatureBank> {
  const { scenes } = options
  const { shape } = squareFeatures(options.parts.architecture).patches
  const [, patches, width] = shape.map(Number)
  const path = join(cacheFolder(), 'features', `${await keyOf(options)}.safetensors`)
  const halves = (await readBank(path, [scenes, patches, width])) ?? (await makeBank(options, path, patches * width))
  return {
    scenes,
    scene: (index) => trainingScene({ split: 'train', seed: BANK_SEED }, index),
    features: (indices) => {
      const size = patches * width
      const data = new Float32Array(indices.length * size)
      for (const [at, index] of indices.entries())
        data.set(f16ToF32(halves.subarray(index * size, (index + 1) * size)), at * size)
      return f32([indices.length, patches, width], data)
    },
  }
}

async function keyOf({ parts, scenes }: BankOptions): Promise<string> {
  const identity = (await parts.adapters?.identity()) ?? parts.architecture.name
  return createHash('sha256')
    .update(JSON.stringify(['features', identity, parts.preprocessor, BANK_SEED, scenes]))
    .digest('hex')
}

/** What a bank that was written to its end holds; undefined for any other. */
async function readBank(path: string, shape: readonly number[]): Promise<Uint16Array | undefined> {
  const file = await openSafetensors(path).catch((error: unknown) => {
    if (error instanceof FoveaError) return undefined
    throw error
  })
  if (file?.tensors.get('features')?.shape.join() !== shape.join()) return undefined
  const bytes = await file.read('features')
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2)
}

const AT_ONCE = 16

async function makeBank(options: BankOptions, path: string, size: number): Promise<Uint16Array> {
  const { backend, parts, scenes, onNote, signal } = options
  const { architecture, weights } = parts
  const { patches } = squareFeatures(architecture, createScope(), AT_ONCE)
  const program = await compile(backend, { patches }, weights.compileOptions)
  const halves = new Uint16Array(scenes * size)
  try {
    for (let from = 0; from < scenes; from += AT_ONCE) {
      signal?.throwIfAborted()
      if (from % 512 === 0) onNote?.(`encoding scenes: ${from} of ${scenes}`)
      const { values } = await program.run({ pixels: pixelsFrom(parts, from) })
      const made = f32ToF16(values.patches.data as Float32Array)
      halves.set(made.subarray(0, (Math.min(scenes, from + AT_ONCE) - from) * size), from * size)
    }
  } finally {
    await program.dispose()
  }
  await keep(path, halves, [scenes, ...patches.shape.slice(1).map(Number)]).catch(ignoreFullDisk)
  return halves
}

async function keep(path: string, halves: Uint16Array, shape: readonly number[]): Promise<void> {
  await makeEntryFolder(path)
  await saveSafetensors(path, new Map([['features', { dtype: 'F16', shape, data: halves }]]))
}

/** Views of the scenes from an index on, [AT_ONCE, 3, side, side]. */
function pixelsFrom({ architecture, preprocessor }: BankOptions['parts'], from: number): Value<Float32Array> {
  const { prompt, vision } = architecture
  const side = vision.viewSize
  const data = new Float32Array(AT_ONCE * 3 * side * side)
  for (let at = 0; at < AT_ONCE; at++) {
    const { scene } = trainingScene({ split: 'train', seed: BANK_SEED }, from + at)
    const views = prompt.views(imageOf(scene))
    if (views.length !== 1 || views[0].width !== side || views[0].height !== side) throw cutError(architecture.name)
    data.set(pixelsOf(views[0], preprocessor), at * 3 * side * side)
  }
  return f32([AT_ONCE, 3, side, side], data)
}

const cutError = (name: string): FoveaError => {
  const message = `${name} cuts images into views or takes them at their size; features are kept for one square view only`
  return new FoveaError('bank_views', 'usage', message)
}
