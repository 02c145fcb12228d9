/** The plan of a model's quantized weights: what calibration decided, kept in the cache beside the weights. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { safetensorsStream, type TensorStream } from '../checkpoints/safetensors.ts'
import type { LayerReport } from '../pipeline/precision-report.ts'
import { bytesOf, type QuantizedLayer } from '../runtime/index.ts'
import { cacheFolder, cacheKey, exists, KEY, openCached, saveEntry } from './node-cache.ts'
import { INT8_LIMIT } from './node-int8-limit.ts'
import type { Decisions } from './node-quantize.ts'
import type { StoredWeights } from './node-stored-weights.ts'
import type { WeightPlan } from './plan.ts'

/** Raised when the same checkpoint would be quantized into other bytes. */
const VERSION = 'fovea quantized weights 3'
const LAYERS = 'fovea_layers'
const CALIBRATION = 'fovea_calibration'

/** What is quantized, and into which precision. */
export interface Planned {
  readonly plan: WeightPlan
  readonly stored: StoredWeights
  /** What beside the weights decides the result: the family, the config. */
  readonly identity: readonly string[]
}

export interface KeptPlan {
  readonly decisions: Decisions
  /** Name of the images that it was made on. */
  readonly calibration: string
  /** SHA-256 of what it was made for and what it says: the key of the weights that it leads to. */
  readonly digest: string
}

/** SHA-256 of all that decides the plainly quantized weights. */
export const planKey = ({ stored, plan, identity }: Planned): Promise<string> =>
  cacheKey(Object.values(stored.files), [VERSION, plan.precision, String(INT8_LIMIT), ...identity], cacheFolder())

const planPath = (key: string): string => join(cacheFolder(), 'plans', `${key}.safetensors`)

/** The plan that was kept for these weights, if there is one; a damaged one is as good as none, but should be told. */
export async function openPlan(planned: Planned): Promise<KeptPlan | 'damaged' | undefined> {
  const key = await planKey(planned)
  const path = planPath(key)
  const file = await openCached(path, key, ({ metadata }) => {
    const known = readLayers(metadata.get(LAYERS))?.layers
    return known !== undefined && planned.plan.layers.every(({ weight }) => known.has(weight))
  })
  if (!file) return (await exists(path)) ? 'damaged' : undefined
  const smoothing = new Map<string, Float32Array>()
  for (const name of file.tensors.keys()) smoothing.set(name, new Float32Array((await file.read(name)).buffer))
  const text = file.metadata.get(LAYERS)!
  const decisions = { ...readLayers(text)!, smoothing }
  return { decisions, calibration: file.metadata.get(CALIBRATION) ?? '', digest: digestOf(key, text, smoothing) }
}

/** Keeps a plan for every later load. @throws FoveaError kind `resource` where the cache cannot be written */
export async function keepPlan(planned: Planned, decisions: Decisions, calibration: string): Promise<void> {
  const key = await planKey(planned)
  const tensors = new Map<string, TensorStream>()
  for (const [name, factors] of decisions.smoothing)
    tensors.set(name, {
      dtype: 'F32',
      shape: [factors.length],
      chunks: async function* () {
        yield bytesOf(factors)
      },
    })
  const metadata = { [KEY]: key, [CALIBRATION]: calibration, [LAYERS]: writeLayers(decisions) }
  await saveEntry(planPath(key), safetensorsStream(tensors, metadata))
}

function digestOf(key: string, layers: string, smoothing: Decisions['smoothing']): string {
  const hash = createHash('sha256').update(key).update(layers)
  for (const [name, factors] of [...smoothing].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(name).update(bytesOf(factors))
  return hash.digest('hex')
}

type Layers = Pick<Decisions, 'layers' | 'report'>

const writeLayers = ({ layers, report }: Layers): string => JSON.stringify({ layers: [...layers], report })

function readLayers(text = ''): Layers | undefined {
  try {
    const { layers, report }: { layers: [string, QuantizedLayer][]; report: LayerReport[] } = JSON.parse(text)
    return { layers: new Map(layers), report }
  } catch {
    return undefined
  }
}
