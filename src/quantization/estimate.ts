import type { TableEntry } from '../checkpoints/weight-table.ts'
import { assertArgument, assertOptions } from '../errors.ts'
import type { Architecture } from '../models/family.ts'
import type { MemoryEstimate, Precision } from '../pipeline/precision-report.ts'
import type { LayerForm } from '../runtime/index.ts'
import { planWeights, type WeightPlan } from './plan.ts'

export interface EstimateOptions {
  /** Tokens of prompt and answer, 2048 unless given. */
  readonly context?: number
  /** Bytes per number that the checkpoint stores, 2 unless given. */
  readonly storedBytes?: number
}

/**
 * Bytes per weight as the engine holds it. int4: half a byte, and for each block of 32 its scale three times and the
 * sum of its values (measured with ONNX Runtime 1.30: 4-bit weights with `accuracy_level` 4 are packed with all that).
 */
const bytesPerWeight: Record<LayerForm, number> = { fp32: 4, int8: 1, int4: 0.5 + 12 / 32 }
const precisions: readonly Precision[] = ['fp32', 'int8', 'int4']

const BASE = 150e6
const FLOAT = 4

/**
 * The memory that a model will need, from its config alone: nothing of the weights is read. In fp32 the checkpoint is in
 * memory beside the engine's weights while these are made.
 */
export function estimateMemory(
  architecture: Architecture,
  precision: Precision,
  options: EstimateOptions = {},
): MemoryEstimate {
  assertArgument('estimateMemory', 'the language model of an architecture', architecture?.language, 'object')
  assertArgument('estimateMemory', 'precision', precision, precisions)
  assertOptions('estimateMemory', options, { context: 'number', storedBytes: 'number' })
  const { context = 2048, storedBytes = 2 } = options
  const { layers, caches = layers, heads, hiddenSize, vocabulary } = architecture.language
  const weights = weightBytes(planWeights(architecture, precision), storedBytes)
  const cache = caches * 2 * heads.keyValue * heads.width * FLOAT * context
  const work = FLOAT * (heads.count * context * context + 8 * context * hiddenSize + vocabulary)
  return { precision, weights, context, cache, work, base: BASE, total: weights + cache + work + BASE }
}

function weightBytes({ precision, layers, others }: WeightPlan, storedBytes: number): number {
  const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)
  const rest = others.reduce((sum, { shape }) => sum + count(shape), 0)
  const linear = layers.reduce((sum, { k, n, forms }) => sum + k * n * bytesPerWeight[forms[0]], 0)
  if (precision !== 'fp32') return linear + rest * storedBytes
  const numbers = linear / FLOAT + rest
  return numbers * (FLOAT + storedBytes)
}

type Entries = ReadonlyMap<string, Pick<TableEntry, 'shape' | 'byteLength'>>

/** The estimate for every precision, fp32 first, of a model whose checkpoint holds these weights. */
export const estimatePrecisions = (architecture: Architecture, entries: Entries): MemoryEstimate[] =>
  precisions.map((precision) => estimateMemory(architecture, precision, { storedBytes: bytesPerNumber(entries) }))

function bytesPerNumber(entries: Entries): number {
  const { bytes, numbers } = sizeOf(entries)
  return bytes / Math.max(1, numbers)
}

function sizeOf(entries: Entries): { bytes: number; numbers: number } {
  let [bytes, numbers] = [0, 0]
  for (const { shape, byteLength } of entries.values()) {
    bytes += byteLength
    numbers += shape.reduce((a, b) => a * b, 1)
  }
  return { bytes, numbers }
}

/** The states of a batch of images or texts. */
const EMBEDDER_WORK = 100e6

/** The same for a model of embeddings, which computes in fp32 and keeps nothing. */
export function estimateEmbedder(entries: Entries): MemoryEstimate {
  const { bytes, numbers } = sizeOf(entries)
  const weights = bytes + FLOAT * numbers
  const total = weights + EMBEDDER_WORK + BASE
  return { precision: 'fp32', weights, context: 0, cache: 0, work: EMBEDDER_WORK, base: BASE, total }
}

/** `1.9 GB`, `340 MB`. */
export const formatBytes = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`
