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
import { keepPlan, openPlan, type Planned } from './node-plan.ts'
import { decide } from './node-quantize.ts'
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
  /** What `auto` compares int8 with fp32 on, where both fit; without it nothing is compared. */
  readonly calibration?: Calibration
  /** Told while weights are quantized because no cache holds them: how many of their bytes are made, first none. */
  readonly onQuantize?: (dtype: Precision, progress: QuantizeProgress) => void
  /** Bytes that the model may take; measured unless given. */
  readonly memory?: number
}

export interface QuantizeProgress {
  readonly done: number
  readonly total: number
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

export type QuantizedPrecision = Exclude<Precision, 'fp32'>

const choiceOf = (
  dtype: Precision,
  memory: MemoryEstimate,
  { weights, ...made }: Quantized,
  reason?: string,
): Choice => ({
  weights,
  precision: {
    dtype,
    memory,
    layers: made.layers,
    cached: made.cached,
    notes: made.notes,
    ...(made.calibration && { calibration: made.calibration }),
    ...(reason && { reason }),
  },
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
  dtype: QuantizedPrecision,
  { onQuantize }: Pick<PrecisionOptions, 'onQuantize'>,
  isPlain = false,
): Promise<Quantized> =>
  quantizedWeights({
    ...plannedOf(candidate, dtype),
    isPlain,
    original: candidate.parts.weights,
    onProgress: (done, total) => onQuantize?.(dtype, { done, total }),
  })

const plannedOf = ({ parts, stored, identity }: Candidate, dtype: QuantizedPrecision): Planned => ({
  plan: planWeights(parts.architecture, dtype),
  stored,
  identity,
})

/**
 * Makes and keeps the plan of a model's quantized weights: runs samples on the plainly quantized model, whose activations
 * are those of the exact one but for its rounding, and decides which layers are smoothed and which keep more bits. Does
 * nothing where a plan that was made on the same samples is kept. Throws FoveaError `memory_short`, and of kind `resource`
 * where it cannot be kept.
 * @returns whether it was made now
 */
export async function calibratePlan(
  candidate: Candidate,
  dtype: QuantizedPrecision,
  calibration: Calibration,
  options: Pick<PrecisionOptions, 'onQuantize' | 'memory'> = {},
): Promise<boolean> {
  const { architecture, name } = candidate.parts
  const planned = plannedOf(candidate, dtype)
  const kept = await openPlan(planned)
  if (typeof kept === 'object' && kept.calibration === calibration.name) return false
  const estimates = estimatePrecisions(architecture, candidate.stored.entries)
  assertFits(name, estimateOf(estimates, dtype), [], options.memory)
  const { weights } = await quantize(candidate, dtype, options, true)
  const statistics = await statisticsOf(candidate, weights, calibration)
  await keepPlan(planned, await decide(candidate.stored, planned.plan, statistics), calibration.name)
  return true
}

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
