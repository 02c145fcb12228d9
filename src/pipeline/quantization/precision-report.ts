import type { Agreement } from './agreement.ts'
import type { MemoryEstimate } from './estimate.ts'
import type { Precision } from './plan.ts'
import type { LayerReport } from './sensitivity.ts'

/** What a loaded model computes with, and why. */
export interface PrecisionReport {
  readonly dtype: Precision
  /** Why `auto` took it; absent where it was asked for. */
  readonly reason?: string
  /** Empty for fp32. */
  readonly layers: readonly LayerReport[]
  readonly memory: MemoryEstimate
  /** The quantized weights were on disk already. */
  readonly cached: boolean
  /** What went otherwise than it should, such as a cache that could not be written. */
  readonly notes: readonly string[]
  /** Against fp32 on the calibration images, where both were run. */
  readonly agreement?: Agreement
}

/** `int8 (auto: 494M parameters fit, ...), 3 of 170 layers kept in fp32`. */
export function precisionLine({ dtype, reason, layers, agreement, notes }: PrecisionReport): string {
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
