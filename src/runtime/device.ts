import { FoveaError } from '../errors.ts'
import type { Device } from './backend.ts'
import { encodeModel } from './onnx/model.ts'

/** The smallest model: if a device cannot load this, the device is at fault and not the model. */
const probe = (): Uint8Array =>
  encodeModel({
    nodes: [{ type: 'Identity', name: 'probe', inputs: ['x'], outputs: ['y'], attributes: {}, domain: '' }],
    initializers: [],
    inputs: [{ name: 'x', dtype: 'f32', shape: [1] }],
    outputs: [{ name: 'y', dtype: 'f32', shape: [1] }],
  })

export const deviceUnavailable = (device: Device, cause?: unknown): FoveaError =>
  new FoveaError(
    'device_unavailable',
    'resource',
    `device "${device}" cannot be used here: ${reasons[device]}; use --device cpu`,
    { cause },
  )

const reasons: Record<Device, string> = {
  cpu: 'ONNX Runtime did not start',
  cuda: "ONNX Runtime's CUDA library (or the driver) is not installed",
  webgpu: 'no WebGPU adapter was found',
  wasm: 'WebAssembly did not load',
}

/** Why loading failed: the device, if it cannot load the smallest model either, or else the model itself. */
export async function explainLoadFailure(
  device: Device,
  error: Error,
  tryLoad: (model: Uint8Array) => Promise<unknown>,
): Promise<Error> {
  if (device === 'cpu') return error
  return tryLoad(probe()).then(
    () => error,
    (cause: unknown) => deviceUnavailable(device, cause),
  )
}
