import { rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { temporaryPath } from '../checkpoints/leftovers.ts'
import {
  openSafetensors,
  parseSafetensorsHeader,
  type SafetensorsHeader,
  safetensorsStream,
} from '../checkpoints/safetensors.ts'
import { type TableEntry, type WeightTable, weightTable } from '../checkpoints/weight-table.ts'
import type { LayerReport } from '../pipeline/precision-report.ts'
import { type QuantizedWeights, quantizedProgram } from '../runtime/index.ts'
import type { DType } from '../tensor/index.ts'
import type { InputStatistics } from './calibration.ts'
import { cacheFolder, cacheKey, holds, ignoreFullDisk, KEY, openCached, save, saveEntry } from './node-cache.ts'
import { INT8_LIMIT } from './node-int8-limit.ts'
import { type Decisions, decide, plainDecisions, quantizedTensors } from './node-quantize.ts'
import type { StoredWeights } from './node-stored-weights.ts'
import type { WeightPlan } from './plan.ts'

/** Raised when the same checkpoint would be quantized into other bytes. */
const VERSION = 'fovea quantized weights 2'
const LAYERS = 'fovea_layers'

export interface Quantized {
  /** SHA-256 of all that decided them. */
  readonly key: string
  readonly weights: WeightTable
  readonly layers: readonly LayerReport[]
  readonly cached: boolean
  readonly notes: readonly string[]
}

export interface QuantizeOptions {
  readonly plan: WeightPlan
  readonly stored: StoredWeights
  /** The checkpoint's own table: what no quantized file holds is read there. */
  readonly original: WeightTable
  /** What else decides the result: the config, the calibration. */
  readonly identity: readonly string[]
  /** Called before weights are quantized. */
  readonly onQuantize?: () => void
  /** Runs samples on a model of these weights and says what its layers were given; absent: nothing is calibrated. */
  readonly calibrate?: (weights: WeightTable) => Promise<ReadonlyMap<string, InputStatistics>>
}

/**
 * The quantized weights of a model: from the cache, or made now. Calibration runs on the plainly quantized model, whose
 * activations are those of the exact one but for its rounding, so that no second copy in f32 is ever needed.
 */
export async function quantizedWeights(options: QuantizeOptions): Promise<Quantized> {
  const { plan, stored, identity, calibrate } = options
  const cache = cacheFolder()
  const parts = [VERSION, plan.precision, String(INT8_LIMIT), ...identity, calibrate ? 'calibrated' : 'plain']
  const key = await cacheKey(Object.values(stored.files), parts, cache)
  const path = join(cache, 'quantized', `${key}.safetensors`)
  const known = await openCached(path, key, (file) => {
    const decisions = readDecisions(file.metadata.get(LAYERS))
    const isWhole = decisions && plan.layers.every(({ weight }) => decisions.layers.has(weight))
    return isWhole === true && holds(file, quantizedTensors(stored, plan, decisions))
  })
  if (known) {
    const decisions = readDecisions(known.metadata.get(LAYERS))!
    const weights = tableOf(options, decisions, { path, header: known })
    return { key, weights, layers: decisions.report, cached: true, notes: [] }
  }
  const isDamaged = await stat(path).then(
    () => true,
    () => false,
  )
  options.onQuantize?.()
  const decisions = await calibratedDecisions(options, temporaryPath(path))
  const metadata = { [KEY]: key, [LAYERS]: writeDecisions(decisions) }
  const made = await store(options, decisions, path, metadata)
  const notes = [
    ...(isDamaged ? ['made again: what the cache held was damaged'] : []),
    ...(made.path ? [] : [`not cached: ${dirname(path)} cannot be written`]),
  ]
  return { key, weights: tableOf(options, decisions, made), layers: decisions.report, cached: false, notes }
}

async function calibratedDecisions(options: QuantizeOptions, temporary: string): Promise<Decisions> {
  const { plan, stored, calibrate } = options
  const plain = plainDecisions(plan)
  if (!calibrate) return plain
  const made = await store(options, plain, temporary, {}, save) // nothing else will open it
  try {
    return await decide(stored, plan, await calibrate(tableOf(options, plain, made)))
  } finally {
    // It is not there where it could not be written.
    await rm(temporary, { force: true }).catch(() => undefined)
  }
}

/** A file of quantized weights: on disk, or in memory where the disk takes none. */
interface Stored {
  readonly path?: string
  readonly bytes?: Uint8Array
  readonly header: SafetensorsHeader
}

async function store(
  { stored, plan }: QuantizeOptions,
  decisions: Decisions,
  path: string,
  metadata: Record<string, string>,
  write: typeof saveEntry = saveEntry,
): Promise<Stored> {
  const stream = () => safetensorsStream(quantizedTensors(stored, plan, decisions), metadata)
  try {
    await write(path, stream())
    return { path, header: await openSafetensors(path) }
  } catch (error) {
    ignoreFullDisk(error)
  }
  const parts: Uint8Array[] = []
  for await (const part of stream()) parts.push(part.slice())
  const bytes = new Uint8Array(Buffer.concat(parts))
  return { bytes, header: parseSafetensorsHeader(bytes, bytes.length) }
}

/** Quantized weights where they lie, with the rewriting that makes a program use them. */
function tableOf({ original }: QuantizeOptions, { layers }: Decisions, { path, bytes, header }: Stored): WeightTable {
  const file = path ? basename(path) : 'quantized.safetensors'
  const entries = new Map<string, TableEntry>()
  for (const [name, { dtype, ...place }] of header.tensors)
    entries.set(name, { ...place, dtype: dtype.toLowerCase() as DType, file })
  const own = weightTable(entries, bytes ? { [file]: bytes } : {}).compileOptions
  const { weights: before, files, threads } = original.compileOptions
  const choice: QuantizedWeights = { layers, dtypeOf: (name) => entries.get(name)?.dtype }
  return {
    entries: original.entries,
    compileOptions: {
      weights: (name) => own.weights?.(name) ?? before?.(name),
      files: { ...files, ...own.files },
      threads,
      ...(path && { folder: dirname(path) }),
      rewrite: (outputs, isKept) => quantizedProgram(outputs, choice, isKept),
    },
  }
}

/** Decisions as they stand in the file that they led to; the factors are tensors of it. */
const writeDecisions = ({ layers, smoothing, report }: Decisions): string =>
  JSON.stringify({
    layers: [...layers],
    smoothing: [...smoothing].map(([name, factors]) => [name, factors.length]),
    report,
  })

function readDecisions(text = ''): Decisions | undefined {
  try {
    const { layers, smoothing, report } = JSON.parse(text)
    const factors = smoothing.map(([name, length]: [string, number]) => [name, new Float32Array(length)])
    return { layers: new Map(layers), smoothing: new Map(factors), report }
  } catch {
    return undefined
  }
}
