import { type CheckpointDtype, DTYPE_BYTES } from '../checkpoints/dtypes.ts'
import type { TensorStream } from '../checkpoints/safetensors.ts'
import type { LayerReport } from '../pipeline/precision-report.ts'
import { bytesOf, type LayerForm, packInt4, packInt8, type QuantizedLayer, quantizedParts } from '../runtime/index.ts'
import { INT4_BLOCK } from '../tensor/index.ts'
import type { InputStatistics } from './calibration.ts'
import { INT8_LIMIT } from './node-int8-limit.ts'
import { readRows, readStored, type StoredWeights, sampleRows, type WeightRows } from './node-stored-weights.ts'
import type { PlannedLayer, WeightPlan } from './plan.ts'
import { layerError, MOST_ERROR, PLAIN_ERROR, plainError, smoothingFactors } from './sensitivity.ts'

/** What is done with the layers of a model. */
export interface Decisions {
  readonly layers: ReadonlyMap<string, QuantizedLayer>
  /** By name: what input channels are multiplied with, [k]. */
  readonly smoothing: ReadonlyMap<string, Float32Array>
  readonly report: readonly LayerReport[]
}

/** Every layer in its smallest form, rows scaled, nothing smoothed: what is made without a plan, and calibrated on. */
export const plainDecisions = ({ layers }: WeightPlan): Decisions => ({
  layers: new Map(layers.map(({ weight, forms }) => [weight, { form: forms[0], perRow: true }])),
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
      chosen.set(layer.weight, {
        form: found.form,
        ...(found.form === 'int8' && (found.plainError ?? Infinity) > PLAIN_ERROR && { perRow: true }),
        ...(found.smoothed && { smoothing: name }),
      })
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
  const isGood = (form: LayerForm) => {
    if (form === 'fp32') return true
    errors[form] = layerError(form, seen, rows, factors)
    return errors[form] <= MOST_ERROR[form]
  }
  const form = forms.find(isGood) ?? 'fp32'
  const plain = form === 'int8' && { plainError: plainError(seen, rows, factors) }
  return { weight, form, errors, ...plain, smoothed: factors !== undefined && form !== 'fp32' }
}

const checkpointDtype = (dtype: string): CheckpointDtype => dtype.toUpperCase() as CheckpointDtype

/**
 * Everything the quantized program reads, each tensor made when it is written. In the order of writing: every layer is
 * read once, in the order of the checkpoint, and both its parts are written then. Numbers of four bytes keep to multiples
 * of four, so what lies behind parts of odd lengths comes last.
 */
export function quantizedTensors(
  stored: StoredWeights,
  { layers, others }: WeightPlan,
  decisions: Decisions,
): Map<string, TensorStream> {
  const placed = layers.map((layer) => ({ layer, entry: stored.entries.get(layer.weight)! }))
  placed.sort((a, b) =>
    a.entry.file < b.entry.file ? -1 : a.entry.file > b.entry.file ? 1 : a.entry.offset - b.entry.offset,
  )
  const inTurn = placed.flatMap(({ layer }) => layerTensors(stored, layer, decisions))
  const whole = others.map(({ name, shape }): [string, TensorStream] => {
    const { dtype } = stored.entries.get(name)!
    return [name, { dtype: checkpointDtype(dtype), shape, chunks: () => readStored(stored, name) }]
  })
  const factors = [...decisions.smoothing].map(([name, values]): [string, TensorStream] => [
    name,
    { dtype: 'F32', shape: [values.length], chunks: () => once(values) },
  ])
  const all = [...inTurn, ...factors, ...whole]
  return new Map([0, 1, 2].flatMap((last) => all.filter(([, tensor]) => lateness(tensor) === last)))
}

/** Bytes that numbers of four bytes may not lie behind come later; those of two before those of one. */
function lateness({ dtype, shape }: TensorStream): 0 | 1 | 2 {
  const size = DTYPE_BYTES[dtype]
  const bytes = shape.reduce((a, b) => a * b, size)
  return bytes % 4 === 0 ? 0 : size > 1 ? 1 : 2
}

function layerTensors(
  stored: StoredWeights,
  { weight, n, k }: PlannedLayer,
  { layers, smoothing }: Decisions,
): [string, TensorStream][] {
  const { form, smoothing: name = '' } = layers.get(weight)!
  if (form === 'fp32') return [[weight, { dtype: 'F32', shape: [n, k], chunks: () => widened(stored, weight) }]]
  const source = { stored, weight, n, k, factors: smoothing.get(name) }
  const parts = packedOnce(() => pack[form](source))
  return quantizedParts[form](weight, n, k)
    .map((part, at): [string, TensorStream] => [
      part.name,
      { dtype: checkpointDtype(part.dtype), shape: part.shape, chunks: at === 0 ? parts.levels : parts.scale },
    ])
    .reverse()
}

/** The two parts of a layer, from one reading where the levels follow their scales. */
function packedOnce(make: () => Promise<Packed>) {
  let held: Promise<Packed> | undefined
  return {
    scale: async function* () {
      held = make()
      yield bytesOf((await held).scale)
    },
    levels: async function* () {
      const made = held ?? make()
      held = undefined
      yield bytesOf((await made).levels)
    },
  }
}

interface Source {
  readonly stored: StoredWeights
  readonly weight: string
  readonly n: number
  readonly k: number
  readonly factors?: Float32Array
}

/** Rows of a weight with the inverse of the smoothing in them; the f32 numbers exist some rows at a time. */
async function* smoothedRows({ stored, weight, k, factors }: Source): AsyncGenerator<WeightRows> {
  for await (const rows of readRows(stored, weight)) {
    const { values } = rows
    if (factors) for (let at = 0; at < values.length; at += k) for (let i = 0; i < k; i++) values[at + i] /= factors[i]
    yield rows
  }
}

interface Packed {
  readonly levels: Int8Array | Uint8Array
  readonly scale: Float32Array
}

const pack: Record<'int8' | 'int4', (source: Source) => Promise<Packed>> = {
  /** [k, n]: no column is whole before all rows were read. */
  int8: async (source) => {
    const { k, n } = source
    const into = { weight: new Int8Array(k * n), scale: new Float32Array(n) }
    for await (const { from, values } of smoothedRows(source)) packInt8(values, { k, n, from, limit: INT8_LIMIT }, into)
    return { levels: into.weight, scale: into.scale }
  },
  int4: async (source) => {
    const { k, n } = source
    const blocks = n * Math.ceil(k / INT4_BLOCK)
    const into = { packed: new Uint8Array((blocks * INT4_BLOCK) / 2), scales: new Float32Array(blocks) }
    for await (const { from, values } of smoothedRows(source)) packInt4(values, { k, n, from }, into)
    return { levels: into.packed, scale: into.scales }
  },
}

async function* widened(stored: StoredWeights, weight: string): AsyncGenerator<Uint8Array> {
  for await (const { values } of readRows(stored, weight)) yield bytesOf(values)
}

async function* once(values: Float32Array): AsyncGenerator<Uint8Array> {
  yield bytesOf(values)
}
