import type { Value } from '../runtime/index.ts'
import { f16ToF32, f32ToF16 } from './dtypes.ts'
import { assertFinite } from './finite.ts'
import { saveSafetensors } from './safetensors.ts'

/**
 * Writes weights in half precision (F16, rounded to nearest). Returns the SHA-256 of the file.
 * @throws FoveaError `weights_not_finite` for one that is no number, or too large for a half
 */
export function saveHalves(
  path: string,
  values: Iterable<readonly [string, Value]>,
  metadata: Record<string, string> = { format: 'pt' },
): Promise<string> {
  const tensors = Array.from(values, ([name, { dims, data }]) => {
    const halves = f32ToF16(data as Float32Array)
    assertFinite(name, f16ToF32(halves))
    return [name, { dtype: 'F16', shape: [...dims], data: halves }] as const
  })
  return saveSafetensors(path, new Map(tensors), metadata)
}
