import { basename, dirname, join } from 'node:path'
import { DTYPE_BYTES } from '../checkpoints/dtypes.ts'
import {
  openSafetensors,
  parseSafetensorsHeader,
  type SafetensorsHeader,
  safetensorsStream,
  type TensorStream,
} from '../checkpoints/safetensors.ts'
import { type TableEntry, type WeightTable, weightTable } from '../checkpoints/weight-table.ts'
import type { LayerReport } from '../pipeline/precision-report.ts'
import { type QuantizedWeights, quantizedProgram } from '../runtime/index.ts'
import type { DType } from '../tensor/index.ts'
import { cacheFolder, exists, holds, ignoreFullDisk, KEY, openCached, saveEntry } from './node-cache.ts'
import { openPlan, type Planned, planKey } from './node-plan.ts'
import { type Decisions, plainDecisions, quantizedTensors } from './node-quantize.ts'

export interface Quantized {
  /** SHA-256 of all that decided them. */
  readonly key: string
  readonly weights: WeightTable
  readonly layers: readonly LayerReport[]
  /** The images that the plan was made on; absent: there is no plan. */
  readonly calibration?: string
  readonly cached: boolean
  readonly notes: readonly string[]
}

export interface QuantizeOptions extends Planned {
  /** The checkpoint's own table: what no quantized file holds is read there. */
  readonly original: WeightTable
  /** A kept plan is left aside. */
  readonly isPlain?: boolean
  /** Told how many bytes of the quantized weights are made, first of none. */
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * The quantized weights of a model: from the cache, or made now, in one reading of the checkpoint. Without a kept plan
 * (`calibratePlan`) every layer is rounded to nearest in its smallest form and every row of its input is scaled.
 */
export async function quantizedWeights(options: QuantizeOptions): Promise<Quantized> {
  const { plan } = options
  const found = options.isPlain ? undefined : await openPlan(options)
  const kept = found === 'damaged' ? undefined : found
  const decisions = kept?.decisions ?? plainDecisions(plan)
  const key = kept?.digest ?? (await planKey(options))
  const path = join(cacheFolder(), 'quantized', `${key}.safetensors`)
  const told = { key, layers: decisions.report, ...(kept && { calibration: kept.calibration }) }
  const planNotes = found === 'damaged' ? ['its plan is damaged and left out: run fovea quantize again'] : []
  const known = await openCached(path, key, (file) => holds(file, quantizedTensors(options.stored, plan, decisions)))
  if (known) {
    const weights = tableOf(options, decisions, { path, header: known })
    return { ...told, weights, cached: true, notes: planNotes }
  }
  const isDamaged = await exists(path)
  const made = await store(options, decisions, path, { [KEY]: key })
  const notes = [
    ...planNotes,
    ...(isDamaged ? ['made again: what the cache held was damaged'] : []),
    ...(made.path ? [] : [`not cached: ${dirname(path)} cannot be written`]),
  ]
  return { ...told, weights: tableOf(options, decisions, made), cached: false, notes }
}

/** A file of quantized weights: on disk, or in memory where the disk takes none. */
interface Stored {
  readonly path?: string
  readonly bytes?: Uint8Array
  readonly header: SafetensorsHeader
}

async function store(
  { stored, plan, onProgress = () => {} }: QuantizeOptions,
  decisions: Decisions,
  path: string,
  metadata: Record<string, string>,
): Promise<Stored> {
  const stream = () => counted(safetensorsStream(quantizedTensors(stored, plan, decisions), metadata, 'as given'))
  const total = bytesIn(quantizedTensors(stored, plan, decisions))
  async function* counted(parts: AsyncIterable<Uint8Array>) {
    let done = 0
    onProgress(done, total)
    for await (const part of parts) {
      yield part
      done = Math.min(total, done + part.length)
      onProgress(done, total)
    }
  }
  try {
    await saveEntry(path, stream())
    return { path, header: await openSafetensors(path) }
  } catch (error) {
    ignoreFullDisk(error)
  }
  const parts: Uint8Array[] = []
  for await (const part of stream()) parts.push(part.slice())
  const bytes = new Uint8Array(Buffer.concat(parts))
  return { bytes, header: parseSafetensorsHeader(bytes, bytes.length) }
}

const bytesIn = (tensors: ReadonlyMap<string, Pick<TensorStream, 'dtype' | 'shape'>>): number =>
  [...tensors.values()].reduce((sum, { dtype, shape }) => sum + shape.reduce((a, b) => a * b, DTYPE_BYTES[dtype]), 0)

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
