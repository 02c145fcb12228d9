import { assertName } from '../loading/model-name.ts'
import {
  type QuantizedModel,
  type QuantizeModelOptions,
  quantizeModel as quantizeOn,
} from '../loading/node-quantize-model.ts'

/**
 * Quantizes a model by what its layers are given on images of Fovea World, unless `calibration` says otherwise: see
 * `quantizeModel` of the loading room. Later loads in that dtype use what it decided.
 * @throws FoveaError as `loadModel`; kind `resource` where the cache cannot be written
 */
export async function quantizeModel(
  name: string,
  options: Partial<QuantizeModelOptions> = {},
): Promise<QuantizedModel> {
  assertName('quantizeModel', name, 'mini, a folder or org/name')
  const { worldCalibration } = await import('./calibration.ts')
  return quantizeOn(name, { calibration: worldCalibration, ...options })
}
