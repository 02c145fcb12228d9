/** Scenes of the World with what a frozen vision encoder makes of them: computed once, kept in half precision. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { f16ToF32, f32ToF16 } from '../checkpoints/dtypes.ts'
import { openSafetensors, saveSafetensors } from '../checkpoints/safetensors.ts'
import { FoveaError } from '../errors.ts'
import type { View } from '../models/views/view.ts'
import { createScope } from '../nn/index.ts'
import { pixelsOf, viewPixels } from '../pipeline/flow/view-pixels.ts'
import type { Method } from '../pipeline/method/method.ts'
import type { ModelParts } from '../pipeline/parts.ts'
import { cacheFolder, ignoreFullDisk, makeEntryFolder } from '../quantization/node-cache.ts'
import { type Backend, compile, f32, type Value } from '../runtime/index.ts'
import { keptTensors, OWN_PIXELS, pixelInput, squareFeatures, viewsOfScenes, viewsUnder } from './kept-pictures.ts'
import { imageOf } from './mini/data.ts'
import { type TrainingScene, trainingScene } from './mini/questions.ts'
import type { Batch } from './step.ts'

export interface FeatureBank {
  readonly scenes: number
  /** The scene of an index, as it was drawn. */
  scene(index: number): TrainingScene
  /** What was wanted of several scenes, by the names of inputs: [scenes * views, ...] each. */
  features(indices: readonly number[]): Batch
}

/** What a bank holds. */
export interface BankContent {
  readonly scenes: number
  /** Cuts scenes into views, and brings encoders whose pixels are wanted. */
  readonly method: Method
  /** Names of what is read of each view; others than those that `keptPictures` has are left alone. */
  readonly inputs: readonly string[]
}

export interface BankOptions extends BankContent {
  readonly backend: Backend
  readonly parts: Pick<ModelParts, 'architecture' | 'preprocessor' | 'weights' | 'adapters'>
  readonly onNote?: (note: string) => void
  readonly signal?: AbortSignal
}

/** Scenes are drawn from a seed of their own, so that runs of all seeds share a bank; questions differ. */
const BANK_SEED = 77

const sceneOf = (index: number): TrainingScene => trainingScene({ split: 'train', seed: BANK_SEED }, index)

/** Features of all scenes in half precision, one after the other. */
interface Kept {
  /** Of one scene: [views, ...]. */
  readonly shape: readonly number[]
  readonly halves: Uint16Array
}

/** The bank of a model: from the cache, or made now. Throws FoveaError `bank_views` for views of several sizes. */
export async function featureBank(options: BankOptions): Promise<FeatureBank> {
  const kept = await keptFeatures(options)
  const pixels = Object.keys(options.method.needs?.encoders ?? {}).filter((name) =>
    options.inputs.includes(pixelInput(name)),
  )
  return {
    scenes: options.scenes,
    scene: sceneOf,
    features: (indices) => {
      const features = [...kept].map(([name, each]) => [name, rowsOf(each, indices)] as const)
      return {
        ...Object.fromEntries(features),
        ...(options.inputs.includes(OWN_PIXELS) && { [OWN_PIXELS]: ownPixels(options, indices) }),
        ...drawnPixels(options, pixels, indices),
      }
    },
  }
}

function rowsOf({ shape: [views, ...rest], halves }: Kept, indices: readonly number[]): Value<Float32Array> {
  const size = rest.reduce((a, b) => a * b, views)
  const data = new Float32Array(indices.length * size)
  for (const [at, index] of indices.entries())
    data.set(f16ToF32(halves.subarray(index * size, (index + 1) * size)), at * size)
  return f32([indices.length * views, ...rest], data)
}

/** The views of scenes as the model's own encoder takes them, [scenes * views, 3, side, side]. */
function ownPixels(options: BankOptions, indices: readonly number[]): Value<Float32Array> {
  const side = options.parts.architecture.vision.viewSize
  const views = indices.flatMap((index) => viewsOf(options, index))
  const data = new Float32Array(views.length * 3 * side * side)
  for (const [at, view] of views.entries()) data.set(pixelsOf(view, options.parts.preprocessor), at * 3 * side * side)
  return f32([views.length, 3, side, side], data)
}

/** The views of scenes as further encoders take them: drawing them takes no longer than reading them would. */
function drawnPixels(options: BankOptions, encoders: readonly string[], indices: readonly number[]): Batch {
  if (encoders.length === 0) return {}
  const { parts, method } = options
  const views = indices.flatMap((index) => viewsOf(options, index))
  const drawn = views.map((view) => viewPixels(view, parts.preprocessor, method).encoders)
  return Object.fromEntries(
    encoders.map((name) => {
      const { side } = method.needs!.encoders![name]
      const size = 3 * side * side
      const data = new Float32Array(views.length * size)
      for (const [at, each] of drawn.entries()) data.set(each[name], at * size)
      return [pixelInput(name), f32([views.length, 3, side, side], data)]
    }),
  )
}

/** Everything that was asked for, by name. What is not in the cache is made in one go. */
async function keptFeatures(options: BankOptions): Promise<ReadonlyMap<string, Kept>> {
  const { parts, method, scenes, inputs } = options
  const views = viewsOfScenes(method, parts.architecture).length
  const tensors = Object.entries(keptTensors(squareFeatures(parts.architecture))).filter(([name]) =>
    inputs.includes(name),
  )
  const key = await keyOfBank(options)
  const kept = new Map<string, Kept>()
  const missing = new Map<string, readonly number[]>()
  for (const [name, tensor] of tensors) {
    const shape = [views, ...tensor.shape.slice(1).map(Number)]
    const halves = await readKept(pathOf(key, name), [scenes, ...shape])
    if (halves) kept.set(name, { shape, halves })
    else missing.set(name, shape)
  }
  if (missing.size === 0) return kept
  for (const [name, each] of await encodeScenes(options, missing)) {
    kept.set(name, each)
    await keep(pathOf(key, name), each, scenes).catch(ignoreFullDisk)
  }
  return kept
}

const pathOf = (key: string, name: string): string => join(cacheFolder(), 'features', `${key}.${name}.safetensors`)

async function keyOfBank({ parts, scenes, method }: BankOptions): Promise<string> {
  const identity = (await parts.adapters?.identity()) ?? parts.architecture.name
  const cut = method.see?.views ? method.name : 'one view'
  return createHash('sha256')
    .update(JSON.stringify(['features', identity, parts.preprocessor, BANK_SEED, scenes, cut]))
    .digest('hex')
}

/** What was written to its end; undefined for any other. */
async function readKept(path: string, shape: readonly number[]): Promise<Uint16Array | undefined> {
  const file = await openSafetensors(path).catch((error: unknown) => {
    if (error instanceof FoveaError) return undefined
    throw error
  })
  if (file?.tensors.get('features')?.shape.join() !== shape.join()) return undefined
  const bytes = await file.read('features')
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2)
}

/** Views at once. */
const AT_ONCE = 16

async function encodeScenes(
  options: BankOptions,
  shapes: ReadonlyMap<string, readonly number[]>,
): Promise<ReadonlyMap<string, Kept>> {
  const { backend, parts, method, scenes, onNote, signal } = options
  const { architecture, weights } = parts
  const together = Math.max(1, Math.floor(AT_ONCE / viewsOfScenes(method, architecture).length))
  const views = together * viewsOfScenes(method, architecture).length
  const all = keptTensors(squareFeatures(architecture, createScope(), views))
  const outputs = Object.fromEntries([...shapes.keys()].map((name) => [name, all[name]]))
  const program = await compile(backend, outputs, weights.compileOptions)
  const kept = [...shapes].map(([name, shape]) => {
    const size = shape.reduce((a, b) => a * b, 1)
    return { name, shape, size, halves: new Uint16Array(scenes * size) }
  })
  try {
    for (let from = 0; from < scenes; from += together) {
      signal?.throwIfAborted()
      if (from % 512 < together) onNote?.(`encoding scenes: ${from} of ${scenes}`)
      const { values } = await program.run({ pixels: ownPixels(options, range(from, together)) })
      for (const { name, size, halves } of kept) {
        const made = f32ToF16(values[name].data as Float32Array)
        halves.set(made.subarray(0, (Math.min(scenes, from + together) - from) * size), from * size)
      }
    }
  } finally {
    await program.dispose()
  }
  return new Map(kept.map(({ name, shape, halves }) => [name, { shape, halves }]))
}

async function keep(path: string, { shape, halves }: Kept, scenes: number): Promise<void> {
  await makeEntryFolder(path)
  const tensor = { dtype: 'F16', shape: [scenes, ...shape], data: halves } as const
  await saveSafetensors(path, new Map([['features', tensor]]))
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, at) => from + at)

/** Square views of a scene, as many as of every other. */
function viewsOf({ parts: { architecture }, method }: BankOptions, index: number): readonly View[] {
  const side = architecture.vision.viewSize
  const views = viewsUnder(method, architecture, imageOf(sceneOf(index).scene))
  const isSquare = views.every(({ width, height }) => width === side && height === side)
  if (isSquare && views.length === viewsOfScenes(method, architecture).length) return views
  const message = `${method.name} on ${architecture.name} cuts images into views that are not of ${side} x ${side} pixels; features are kept for those only`
  throw new FoveaError('bank_views', 'usage', message)
}
