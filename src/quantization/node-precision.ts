import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { countParameters, type WeightTable } from '../checkpoints/weight-table.ts'
import { Model } from '../pipeline/model.ts'
import type { ModelParts } from '../pipeline/parts.ts'
import type { Agreement, MemoryEstimate, Precision, PrecisionReport } from '../pipeline/precision-report.ts'
import type { Backend } from '../runtime/index.ts'
import { agreementOf } from './agreement.ts'
import { type CalibrationSample, CalibrationWatch } from './calibration.ts'
import { estimateMemory, estimatePrecisions, formatBytes } from './estimate.ts'
import { cacheFolder, ignoreFullDisk, save } from './node-cache.ts'
import { assertFits, availableMemory } from './node-memory.ts'
import { type Quantized, quantizedWeights } from './node-quantized-weights.ts'
import type { StoredWeights } from './node-stored-weights.ts'
import { planWeights } from './plan.ts'
import { runSamples } from './run-samples.ts'

/** Images and questions for calibration; the name changes whenever they do. */
export interface Calibration {
  readonly name: string
  samples(): readonly CalibrationSample[]
}

export interface PrecisionOptions {
  /** fp32 unless given; `auto` decides by size, memory and measured quality. */
  readonly dtype?: Precision | 'auto'
  /** Without it weights are quantized plainly, and no layer's error is measured. */
  readonly calibration?: Calibration
  /** Called when weights have to be quantized because no cache holds them, which can take minutes. */
  readonly onQuantize?: (dtype: Precision) => void
  /** Bytes that the model may take; measured unless given. */
  readonly memory?: number
}

/** A model whose weights are not chosen yet. */
export interface Candidate {
  readonly parts: Omit<ModelParts, 'precision'>
  readonly stored: StoredWeights
  /** What beside the weights' bytes decides how they are quantized. */
  readonly identity: readonly string[]
  readonly makeBackend: () => Backend
}

interface Choice {
  readonly weights: WeightTable
  readonly precision: PrecisionReport
}

/** Weights in the precision that was asked for or, with `auto`, found best. Throws FoveaError `memory_short`. */
export async function choosePrecision(candidate: Candidate, options: PrecisionOptions): Promise<Choice> {
  const { architecture, weights, name } = candidate.parts
  const estimates = estimatePrecisions(architecture, candidate.stored.entries)
  const { dtype = 'fp32', memory: available = availableMemory() } = options
  if (dtype === 'auto') return chooseFor(candidate, options, estimates, available)
  const smaller = estimates.filter(({ total }) => total < estimateOf(estimates, dtype).total)
  assertFits(name, estimateOf(estimates, dtype), smaller, available)
  const memory = estimateOf(estimates, dtype)
  if (dtype === 'fp32') return { weights, precision: { dtype, layers: [], memory, cached: false, notes: [] } }
  return choiceOf(dtype, memory, await quantize(candidate, dtype, options))
}

const choiceOf = (
  dtype: Precision,
  memory: MemoryEstimate,
  { weights, ...made }: Quantized,
  reason?: string,
): Choice => ({
  weights,
  precision: { dtype, memory, layers: made.layers, cached: made.cached, notes: made.notes, ...(reason && { reason }) },
})

/** Below this many bytes in fp32 there is nothing to gain. */
const SMALL = 256e6
/** Of the logits: what int8 must keep to be taken by `auto`. */
const LEAST_COSINE = 0.99

async function chooseFor(
  candidate: Candidate,
  options: PrecisionOptions,
  estimates: readonly MemoryEstimate[],
  available: number,
): Promise<Choice> {
  const { name, weights } = candidate.parts
  const parameters = countParameters(weights)
  const size = `${(parameters / 1e6).toPrecision(3)} M parameters`
  const fits = estimates.filter(({ total }) => total <= available).map(({ precision }) => precision)
  const memoryOf = (precision: Precision) => estimateOf(estimates, precision)
  const free = `${formatBytes(available)} are free`
  const exact = (reason: string): Choice => ({
    weights,
    precision: { dtype: 'fp32', reason, layers: [], memory: memoryOf('fp32'), cached: false, notes: [] },
  })
  if (4 * parameters <= SMALL && fits.includes('fp32')) return exact(`a small model of ${size}`)
  if (!fits.includes('int8')) {
    assertFits(name, memoryOf('int4'), [], available)
    const reason = `${size}; int8 would need ${formatBytes(memoryOf('int8').total)} and ${free}`
    return choiceOf('int4', memoryOf('int4'), await quantize(candidate, 'int4', options), reason)
  }
  const made = await quantize(candidate, 'int8', options)
  const agreement = memoryOf('fp32').total <= available / 2 ? await measure(candidate, made, options) : undefined
  if (agreement && agreement.cosine < LEAST_COSINE && fits.includes('fp32'))
    return exact(`${size}; in int8 the logits have a cosine of only ${agreement.cosine.toFixed(3)}, fp32 fits`)
  const { weights: table, precision } = choiceOf('int8', memoryOf('int8'), made, `${size}, ${free}`)
  return { weights: table, precision: { ...precision, ...(agreement && { agreement }) } }
}

const quantize = (
  candidate: Candidate,
  dtype: 'int8' | 'int4',
  { calibration, onQuantize }: PrecisionOptions,
): Promise<Quantized> =>
  quantizedWeights({
    plan: planWeights(candidate.parts.architecture, dtype),
    stored: candidate.stored,
    original: candidate.parts.weights,
    identity: [...candidate.identity, calibration?.name ?? ''],
    onQuantize: () => onQuantize?.(dtype),
    ...(calibration && { calibrate: (weights) => statisticsOf(candidate, weights, calibration) }),
  })

async function statisticsOf(candidate: Candidate, weights: WeightTable, calibration: Calibration) {
  const observer = new CalibrationWatch()
  const watched = { ...weights, compileOptions: { ...weights.compileOptions, watch: observer.watch } }
  await withModel(candidate, watched, (model) => runSamples(model, calibration.samples()))
  return observer.statistics
}

/** Logits of the quantized model beside those of fp32; remembered with the cached weights. */
async function measure(candidate: Candidate, { key, weights }: Quantized, { calibration }: PrecisionOptions) {
  if (!calibration) return undefined
  const path = join(cacheFolder(), 'agreements', `${key}.json`)
  const known = parseAgreement(await readFile(path, 'utf8').catch(() => ''))
  if (known) return known
  const logits = async (table: WeightTable) => {
    const all: Float32Array[] = []
    await withModel(candidate, table, (model) => runSamples(model, calibration.samples(), (l) => all.push(l.slice())))
    return all
  }
  const found = agreementOf(await logits(weights), await logits(candidate.parts.weights))
  await save(path, new TextEncoder().encode(JSON.stringify(found))).catch(ignoreFullDisk)
  return found
}

function parseAgreement(text: string): Agreement | undefined {
  try {
    const { cosine, top } = JSON.parse(text)
    return Number.isFinite(cosine) && Number.isFinite(top) ? { cosine, top } : undefined
  } catch {
    return undefined
  }
}

async function withModel<T>(
  { parts, makeBackend }: Candidate,
  weights: WeightTable,
  use: (model: Model) => Promise<T>,
) {
  // What is loaded here for a moment is reported by nobody.
  const precision: PrecisionReport = {
    dtype: 'fp32',
    layers: [],
    memory: estimateMemory(parts.architecture, 'fp32'),
    cached: false,
    notes: [],
  }
  const model = new Model({ ...parts, weights, precision }, makeBackend())
  try {
    return await use(model)
  } finally {
    await model.dispose()
  }
}

const estimateOf = (estimates: readonly MemoryEstimate[], precision: Precision): MemoryEstimate =>
  estimates.find((estimate) => estimate.precision === precision)!
