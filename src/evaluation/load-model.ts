import { type LoadOptions, loadModel as loadUncalibrated } from '../loading/node-load.ts'
import type { Model } from '../pipeline/model.ts'

/**
 * Loads a model folder in Hugging Face form: config, tokenizer, chat template, processor, safetensors. With a `dtype`
 * other than fp32 the linear layers are quantized: calibrated on images of Fovea World unless `calibration` says
 * otherwise, and cached on disk.
 *
 * @throws FoveaError kind `input` for what is wrong with the folder; `memory_short`, kind `resource`, for a model that
 *   does not fit into memory
 */
export async function loadModel(folder: string, options: LoadOptions = {}): Promise<Model> {
  if ((options.dtype ?? 'fp32') === 'fp32') return loadUncalibrated(folder, options)
  const { worldCalibration } = await import('./calibration.ts')
  return loadUncalibrated(folder, { calibration: worldCalibration, ...options })
}
