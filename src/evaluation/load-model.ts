import { assertOptions, type OptionForm } from '../errors.ts'
import { assertName } from '../loading/model-name.ts'
import { type LoadOptions, loadModel as loadUncalibrated } from '../loading/node-load.ts'
import type { Model } from '../pipeline/model.ts'

const FORMS: Readonly<Record<keyof LoadOptions, OptionForm>> = {
  device: ['cpu', 'cuda', 'webgpu', 'wasm'],
  dtype: ['fp32', 'int8', 'int4', 'auto'],
  threads: 'number',
  revision: 'string',
  calibration: 'object',
  memory: 'number',
  signal: 'signal',
  onProgress: 'function',
  onQuantize: 'function',
  mmproj: 'string',
  onConvert: 'function',
}

/**
 * Loads a model in Hugging Face form (config, tokenizer, chat template, processor, safetensors) or in GGUF. With a `dtype`
 * other than fp32 the linear layers are quantized: calibrated on images of Fovea World unless `calibration` says
 * otherwise, and cached on disk.
 *
 * @param name `mini`, the model that comes with the package; a folder; a `.gguf` file; or `org/name` (`org/name@revision`) of
 *   the hub
 * @throws FoveaError kind `input` for what is wrong with the folder; `memory_short`, kind `resource`, for a model that
 *   does not fit into memory; kind `usage`: `model_name_invalid`, `option_unknown`, `option_invalid`
 */
export async function loadModel(name: string, options: LoadOptions = {}): Promise<Model> {
  assertName('loadModel', name, 'mini, a folder or org/name')
  assertOptions('loadModel', options, FORMS)
  if ((options.dtype ?? 'fp32') === 'fp32') return loadUncalibrated(name, options)
  const { worldCalibration } = await import('./calibration.ts')
  return loadUncalibrated(name, { calibration: worldCalibration, ...options })
}
