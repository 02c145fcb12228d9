import type { PrecisionReport } from '../pipeline/precision-report.ts'
import {
  type Calibration,
  calibratePlan,
  choosePrecision,
  type PrecisionOptions,
  type QuantizedPrecision,
} from '../quantization/node-precision.ts'
import { type LoadOptions, openCandidate } from './node-load.ts'

export interface QuantizeModelOptions extends Omit<LoadOptions, keyof PrecisionOptions> {
  /** int8 unless given. */
  readonly dtype?: QuantizedPrecision
  /** Images and questions that activations are measured on. */
  readonly calibration: Calibration
  readonly onQuantize?: PrecisionOptions['onQuantize']
}

/** What became of a model that was quantized. */
export interface QuantizedModel {
  readonly precision: PrecisionReport
  /** A plan that was made on the same images was kept already. */
  readonly wasPlanned: boolean
}

/**
 * Decides on calibration images which layers of a model keep more bits and which channels are smoothed, keeps that plan
 * beside the cached weights, and makes these. Every later load in that dtype goes by it; without it a load rounds each
 * layer to nearest.
 * @throws FoveaError what `loadModel` throws; kind `resource` where the cache cannot be written
 */
export async function quantizeModel(
  name: string,
  { dtype = 'int8', calibration, onQuantize, ...open }: QuantizeModelOptions,
): Promise<QuantizedModel> {
  const candidate = await openCandidate(name, open)
  const isNew = await calibratePlan(candidate, dtype, calibration, { onQuantize })
  const { precision } = await choosePrecision(candidate, { dtype, onQuantize })
  return { precision, wasPlanned: !isNew }
}
