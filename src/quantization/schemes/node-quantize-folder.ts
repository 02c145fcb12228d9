/** A model folder with the weights of its linear layers on the grid of few bits: it loads as any other. */
import { chmod, copyFile, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { f32ToBf16, f32ToF16 } from '../../checkpoints/dtypes.ts'
import { temporaryPath } from '../../checkpoints/leftovers.ts'
import { makeFolder } from '../../checkpoints/make-folder.ts'
import type { TableEntry } from '../../checkpoints/weight-table.ts'
import { FoveaError } from '../../errors.ts'
import type { Architecture } from '../../models/family.ts'
import { bytesOf } from '../../runtime/index.ts'
import type { InputStatistics } from '../calibration.ts'
import { readRows, type StoredWeights } from '../node-stored-weights.ts'
import type { Bits, Matrix } from './grid.ts'
import { type LayerGroup, layerGroups } from './layer-groups.ts'
import { outputError } from './output-error.ts'
import { roundGroup, type Scheme } from './scheme.ts'

export interface QuantizeFolder {
  /** The model folder; its files but for the weights are copied. */
  readonly folder: string
  /** Where the new one is made. */
  readonly out: string
  readonly architecture: Architecture
  readonly stored: StoredWeights
  readonly scheme: Scheme
  readonly bits: Bits
  /** What layers were given, by the name of their weights; without it they are rounded to the nearest. */
  readonly statistics?: ReadonlyMap<string, InputStatistics>
  /** Called with the weights of layers as they are done, and how many there are in all. */
  readonly onLayer?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

export interface QuantizedFolder {
  /** By the name of the weight: squared error of its outputs on the samples, over their own square; absent without samples. */
  readonly errors: Readonly<Record<string, number>>
  readonly layers: number
  /** Layers whose input was scaled. */
  readonly scaled: number
}

/** What a folder says of how it was made. */
const RECORD = 'fovea_quantization.json'

/**
 * Writes a copy of a model folder in which the linear layers that `bits` are meant for lie on the grid of the engine, so that
 * loading it with that dtype packs just these numbers. Names, shapes and dtypes stay.
 * @throws FoveaError `folder_exists`, `weights_unsupported`, `folder_unwritable`
 */
export async function quantizeFolder(job: QuantizeFolder): Promise<QuantizedFolder> {
  const { folder, out, stored, scheme, bits } = job
  await assertFree(out)
  const foreign = Object.values(stored.files).find((file) => !file.endsWith('.safetensors'))
  if (foreign)
    throw new FoveaError('weights_unsupported', 'input', `${foreign}: only safetensors are quantized; convert it first`)
  const temporary = temporaryPath(out)
  await makeFolder(temporary)
  try {
    await copyFiles(folder, temporary)
    const made = await quantizeGroups(job, temporary)
    await writeFile(join(temporary, RECORD), `${JSON.stringify({ scheme, bits, ...made }, null, 2)}\n`)
    await rename(temporary, out)
    return made
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/** Files of a cache may be links, and not writable. */
async function copyFiles(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    if (!(await stat(join(from, name))).isFile()) continue
    await copyFile(join(from, name), join(to, name))
    await chmod(join(to, name), 0o644)
  }
}

async function assertFree(out: string): Promise<void> {
  const found = await stat(out).catch(() => undefined)
  if (found) throw new FoveaError('folder_exists', 'input', `${out} is there already; name another folder for --out`)
}

async function quantizeGroups(job: QuantizeFolder, into: string): Promise<QuantizedFolder> {
  const { architecture, stored, scheme, bits, statistics, onLayer, signal } = job
  const groups = layerGroups(architecture, bits)
  const total = groups.reduce((sum, { layers }) => sum + layers.length, 0)
  const errors: Record<string, number> = {}
  let [done, scaled] = [0, 0]
  for (const group of groups) {
    signal?.throwIfAborted()
    const weights: Matrix[] = []
    for (const { weight, k } of group.layers) weights.push({ values: await whole(stored, weight), k })
    const seen = statistics?.get(group.layers[0].weight)
    const made = roundGroup({ scheme, bits }, weights, seen, group.norm !== undefined)
    for (const [at, { weight }] of group.layers.entries()) {
      await overwrite(stored, into, weight, made.weights[at])
      if (seen) errors[weight] = relativeError(weights[at], unscaled(made.weights[at], made.scales), seen)
    }
    if (made.scales) await scaleNorm(stored, into, group, made.scales)
    scaled += made.scales ? group.layers.length : 0
    onLayer?.((done += group.layers.length), total)
  }
  return { errors, layers: total, scaled }
}

const unscaled = (values: Float32Array, scales?: Float32Array): Float32Array =>
  scales ? values.map((value, at) => value / scales[at % scales.length]) : values

/** Of the outputs on the samples. */
function relativeError(weight: Matrix, other: Float32Array, { rows }: InputStatistics): number {
  const none = new Float32Array(weight.values.length)
  const norm = outputError(weight, none, rows)
  return norm > 0 ? outputError(weight, other, rows) / norm : 0
}

/** What the layers divide their input by, the norm before them does. */
async function scaleNorm(stored: StoredWeights, into: string, { norm }: LayerGroup, scales: Float32Array) {
  for (const name of norm!) {
    const vector = await whole(stored, name)
    await overwrite(stored, into, name, vector.map((value, at) => value / scales[at])) // biome-ignore format: one step
  }
}

/** A matrix, or a vector as its only row. */
async function whole({ entries, files }: StoredWeights, name: string): Promise<Float32Array> {
  const entry = entries.get(name)!
  const [n, k] = entry.shape.length === 1 ? [1, entry.shape[0]] : entry.shape
  const values = new Float32Array(n * k)
  const asMatrix = { files, entries: new Map([[name, { ...entry, shape: [n, k] }]]) }
  for await (const rows of readRows(asMatrix, name)) values.set(rows.values, rows.from * k)
  return values
}

const narrowed: Partial<Record<TableEntry['dtype'], (values: Float32Array) => Float32Array | Uint16Array>> = {
  f32: (values) => values,
  f16: f32ToF16,
  bf16: f32ToBf16,
}

/** Writes a weight over that of the copied file, in the dtype that it has there. */
async function overwrite(stored: StoredWeights, into: string, name: string, values: Float32Array): Promise<void> {
  const { file, offset, dtype } = stored.entries.get(name)!
  const bytes = bytesOf(narrowed[dtype]!(values))
  const handle = await open(join(into, basename(stored.files[file])), 'r+')
  try {
    await handle.write(bytes, 0, bytes.byteLength, offset)
  } finally {
    await handle.close()
  }
}
