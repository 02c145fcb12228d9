/** Deciding by calibration how the weights of a model are quantized: what it says on the command line. */
import { quantizeModel } from '../evaluation/quantize-model.ts'
import { modelPath } from '../hub/package-root.ts'
import { precisionJson, precisionLine } from '../pipeline/precision-report.ts'
import type { QuantizedPrecision } from '../quantization/node-precision.ts'
import { downloadView } from './download-view.ts'
import { quantizeView } from './quantize-view.ts'
import { sensitivityTable } from './sensitivity-table.ts'
import { print } from './terminal.ts'

export interface WeightPlanFlags {
  readonly dtype: QuantizedPrecision
  /** What every layer loses is listed. */
  readonly report?: boolean
  readonly json?: boolean
}

/** Makes the plan that later loads of a model go by, and the weights that it leads to. */
export async function planWeightsOf(model: string, flags: WeightPlanFlags, signal?: AbortSignal): Promise<void> {
  const { dtype, report, json } = flags
  const download = downloadView(signal)
  const making = quantizeView(!json)
  const told = { onProgress: download.update, onQuantize: making.update }
  const { precision, wasPlanned } = await quantizeModel(modelPath(model), { dtype, signal, ...told }).finally(() => {
    making.stop()
    download.stop()
  })
  if (json) return print(JSON.stringify({ model, wasPlanned, precision: precisionJson(precision, report) }))
  const lines = [precisionLine(precision), `calibrated on ${precision.calibration}: every load in ${dtype} uses it`]
  print([lines.join('\n'), ...sensitivityTable(precision, report)].join('\n\n'))
}
