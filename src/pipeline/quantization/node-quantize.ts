import type { CheckpointDtype } from '../../checkpoints/dtypes.ts'
import type { TensorStream } from '../../checkpoints/safetensors.ts'
import {
  bytesOf,
  type LayerForm,
  packInt4,
  packInt8,
  type QuantizedLayer,
  quantizedParts,
} from '../../runtime/index.ts'
import type { InputStatistics } from './calibration.ts'
import { INT8_LIMIT } from './node-int8-limit.ts'
import { readRows, readStored, type StoredWeights, sampleRows } from './node-stored-weights.ts'
import type { PlannedLayer, WeightPlan } from './plan.ts'
import { type LayerReport, layerError, MOST_ERROR, smoothingFactors } from './sensitivity.ts'

/** What is done with the layers of a model. */
export interface Decisions {
  readonly layers: ReadonlyMap<string, QuantizedLayer>
  /** By name: what input channels are multiplied with, [k]. */
  readonly smoothing: ReadonlyMap<string, Float32Array>
  readonly report: readonly LayerReport[]
}

/** Every layer in its smallest form, nothing smoothed: what calibration runs on. */
export const plainDecisions = ({ layers }: WeightPlan): Decisions => ({
  layers: new Map(layers.map(({ weight, forms }) => [weight, { form: forms[0] }])),
  smoothing: new Map(),
  report: layers.map(({ weight, forms }) => ({ weight, form: forms[0], errors: {}, smoothed: false })),
})

/** Output channels on which the error of a layer is measured. */
const SAMPLED_ROWS = 128

/** Decides from what calibration saw: which channels are smoothed, and which layers must keep more bits. */
export async function decide(
  stored: StoredWeights,
  { layers }: WeightPlan,
  statistics: ReadonlyMap<string, InputStatistics>,
): Promise<Decisions> {
  const smoothing = new Map<string, Float32Array>()
  const chosen = new Map<string, QuantizedLayer>()
  const report: LayerReport[] = []
  for (const group of new Set(layers.map((layer) => layer.group))) {
    const members = layers.filter((layer) => layer.group === group)
    const factors = await groupSmoothing(stored, members, statistics)
    const name = `${group}.smoothing`
    if (factors) smoothing.set(name, factors)
    for (const layer of members) {
      const found = await decideLayer(stored, layer, statistics.get(layer.weight), factors)
      report.push(found)
      chosen.set(layer.weight, { form: found.form, ...(found.smoothed && { smoothing: name }) })
    }
  }
  return { layers: chosen, smoothing, report }
}

/** One scaling for all layers with the same input, from the largest weight of each channel in any of them. */
async function groupSmoothing(
  stored: StoredWeights,
  members: readonly PlannedLayer[],
  statistics: ReadonlyMap<string, InputStatistics>,
): Promise<Float32Array | undefined> {
  const [{ k, smoothable, weight }] = members
  const seen = statistics.get(weight)
  // 4-bit weights lose more by wider columns than their activations, rounded by blocks, could win.
  if (!smoothable || !seen || members.some(({ forms }) => forms[0] !== 'int8')) return undefined
  const most = new Float32Array(k)
  for (const layer of members)
    for await (const { values } of readRows(stored, layer.weight))
      for (let at = 0; at < values.length; at += k)
        for (let i = 0; i < k; i++) most[i] = Math.max(most[i], Math.abs(values[at + i]))
  return smoothingFactors(seen.maxima, most)
}

async function decideLayer(
  stored: StoredWeights,
  { weight, forms }: PlannedLayer,
  seen: InputStatistics | undefined,
  factors: Float32Array | undefined,
): Promise<LayerReport> {
  // What no sample reached cannot be judged.
  if (!seen) return { weight, form: forms[0], errors: {}, smoothed: false }
  const rows = await sampleRows(stored, weight, SAMPLED_ROWS)
  const errors: Partial<Record<LayerForm, number>> = {}
  for (const form of forms) {
    if (form === 'fp32') return { weight, form, errors, smoothed: false }
    errors[form] = layerError(form, seen, rows, factors)
    if (errors[form] <= MOST_ERROR[form]) return { weight, form, errors, smoothed: factors !== undefined }
  }
  return { weight, form: forms[forms.length - 1], errors, smoothed: factors !== undefined }
}

const checkpointDtype = (dtype: string): CheckpointDtype => dtype.toUpperCase() as CheckpointDtype

/** Everything the quantized program reads, each tensor made when it is written. */
export function quantizedTensors(
  stored: StoredWeights,
  { layers, others }: WeightPlan,
  decisions: Decisions,
): Map<string, TensorStream> {
  const tensors = new Map<string, TensorStream>()
  for (const layer of layers)
    for (const [name, stream] of layerTensors(stored, layer, decisions)) tensors.set(name, stream)
  for (const { name, shape } of others) {
    const { dtype } = stored.entries.get(name)!
    tensors.set(name, { dtype: checkpointDtype(dtype), shape, chunks: () => readStored(stored, name) })
  }
  for (const [name, factors] of decisions.smoothing)
    tensors.set(name, { dtype: 'F32', shape: [factors.length], chunks: () => once(factors) })
  return tensors
}

function layerTensors(
  stored: StoredWeights,
  { weight, n, k }: PlannedLayer,
  { layers, smoothing }: Decisions,
): [string, TensorStream][] {
  const { form, smoothing: name = '' } = layers.get(weight)!
  if (form === 'fp32') return [[weight, { dtype: 'F32', shape: [n, k], chunks: () => widened(stored, weight) }]]
  const factors = smoothing.get(name)
  return quantizedParts[form](weight, n, k).map((part, at) => [
    part.name,
    {
      dtype: checkpointDtype(part.dtype),
      shape: part.shape,
      chunks: async function* () {
        const made = await quantizeWeight(stored, { weight, n, k, form, factors })
        yield bytesOf(made[at])
      },
    },
  ])
}

/** Values and scales of one weight; the f32 numbers exist some rows at a time. */
async function quantizeWeight(
  stored: StoredWeights,
  {
    weight,
    n,
    k,
    form,
    factors,
  }: { weight: string; n: number; k: number; form: 'int8' | 'int4'; factors?: Float32Array },
): Promise<[Int8Array | Uint8Array, Float32Array]> {
  const [values, scales] = quantizedParts[form](weight, n, k).map(({ shape }) => shape.reduce((a, b) => a * b, 1))
  const int8 = { weight: new Int8Array(form === 'int8' ? values : 0), scale: new Float32Array(scales) }
  const int4 = { packed: new Uint8Array(form === 'int4' ? values : 0), scales: int8.scale }
  for await (const { from, values: rows } of readRows(stored, weight)) {
    if (factors) for (let at = 0; at < rows.length; at++) rows[at] /= factors[at % k]
    if (form === 'int8') packInt8(rows, { k, n, from, limit: INT8_LIMIT }, int8)
    else packInt4(rows, { k, n, from }, int4)
  }
  return form === 'int8' ? [int8.weight, int8.scale] : [int4.packed, int4.scales]
}

async function* widened(stored: StoredWeights, weight: string): AsyncGenerator<Uint8Array> {
  for await (const { values } of readRows(stored, weight)) yield bytesOf(values)
}

async function* once(values: Float32Array): AsyncGenerator<Uint8Array> {
  yield bytesOf(values)
}
