import { assertArgument } from '../errors.ts'
import type { LayerForm } from '../runtime/index.ts'

/** What a model's linear layers compute with. */
export type Precision = 'fp32' | 'int8' | 'int4'

/** What a layer lost, and what was done about it. */
export interface LayerReport {
  readonly weight: string
  readonly form: LayerForm
  /** Relative error of the layer's output on calibration rows, for each form that was tried; empty without calibration. */
  readonly errors: Partial<Record<LayerForm, number>>
  /** Of int8 with one scale for all rows of the input: the same error. */
  readonly plainError?: number
  readonly smoothed: boolean
}

/** Bytes that a loaded model needs, by what they are for. */
export interface MemoryEstimate {
  readonly precision: Precision
  readonly weights: number
  /** Tokens of prompt and answer that the rest is for. */
  readonly context: number
  /** Keys and values of all layers for the whole context. */
  readonly cache: number
  /** The largest intermediate results of a prefill. */
  readonly work: number
  /** The engine and this program, without a model. */
  readonly base: number
  readonly total: number
}

/** How alike two models' logits are on the same prompts. */
export interface Agreement {
  /** Smallest cosine between the logits of a prompt. */
  readonly cosine: number
  /** Share of prompts with the same most likely token. */
  readonly top: number
}

/** What a loaded model computes with, and why. */
export interface PrecisionReport {
  readonly dtype: Precision
  /** Why `auto` took it; absent where it was asked for. */
  readonly reason?: string
  /** Empty for fp32. */
  readonly layers: readonly LayerReport[]
  readonly memory: MemoryEstimate
  /** The images that decided which layers keep more bits; absent where `fovea quantize` has not run. */
  readonly calibration?: string
  /** The quantized weights were on disk already. */
  readonly cached: boolean
  /** What went otherwise than it should, such as a cache that could not be written. */
  readonly notes: readonly string[]
  /** Against fp32 on the calibration images, where both were run. */
  readonly agreement?: Agreement
}

/** `int8 (auto: 494M parameters fit, ...), 3 of 170 layers kept in fp32`. */
export function precisionLine(report: PrecisionReport): string {
  assertArgument('precisionLine', 'the layers of a report', report?.layers, 'object')
  const { dtype, reason, layers, agreement, notes } = report
  const forms = new Set(layers.map(({ form }) => form))
  const counts = [...forms]
    .filter((form) => form !== dtype)
    .map((form) => `${layers.filter((layer) => layer.form === form).length} of ${layers.length} layers in ${form}`)
  const likeness = agreement
    ? [`logits cosine ${agreement.cosine.toFixed(4)}, ${(100 * agreement.top).toFixed(0)} % same first tokens`]
    : []
  return [`${dtype}${reason ? ` (auto: ${reason})` : ''}`, ...counts, ...likeness, ...notes].join(', ')
}

/** The same as data; the layers only where they are asked for. */
export function precisionJson({ layers, ...report }: PrecisionReport, withLayers = false): object {
  const kept = layers.filter(({ form }) => form !== report.dtype).map(({ weight, form }) => ({ weight, form }))
  return { ...report, quantizedLayers: layers.length, kept, ...(withLayers && { layers }) }
}
