import { Model } from '../../pipeline/model.ts'
import type { Backend } from '../../runtime/index.ts'
import { type CalibrationSample, CalibrationWatch, type InputStatistics } from '../calibration.ts'
import { runSamples } from '../run-samples.ts'

/** Rows of each input that schemes learn from: of a run, and of all. */
const ROWS = { perRun: 32, most: 256 }

/** What the linear layers of a model are given for samples, by the names of their weights. */
export async function observedInputs(
  { parts }: Model,
  samples: readonly CalibrationSample[],
  backend: Backend,
): Promise<ReadonlyMap<string, InputStatistics>> {
  const observer = new CalibrationWatch(ROWS)
  const { weights } = parts
  const watched = { ...weights, compileOptions: { ...weights.compileOptions, watch: observer.watch } }
  const model = new Model({ ...parts, weights: watched }, backend)
  try {
    await runSamples(model, samples)
  } finally {
    await model.dispose()
  }
  return observer.statistics
}
