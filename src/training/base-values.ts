import { readFile } from 'node:fs/promises'
import { bf16ToF32, f16ToF32 } from '../checkpoints/dtypes.ts'
import type { WeightTable } from '../checkpoints/weight-table.ts'
import { f32, type Value } from '../runtime/index.ts'

/** Weights of a model as f32 values, as far as it has them: those that a training goes on from. */
export async function baseValues(
  { entries, compileOptions: { files = {} } }: WeightTable,
  names: readonly string[],
): Promise<Map<string, Value>> {
  const contents = new Map<string, Uint8Array>()
  const contentOf = async (file: string): Promise<Uint8Array> => {
    const known = contents.get(file)
    if (known) return known
    const found = files[file]
    const bytes = typeof found === 'string' ? await readFile(found) : found
    contents.set(file, bytes)
    return bytes
  }
  const values = new Map<string, Value>()
  for (const name of names) {
    const entry = entries.get(name)
    if (!entry) continue
    const { file, offset, byteLength, dtype, shape } = entry
    const bytes = new Uint8Array((await contentOf(file)).subarray(offset, offset + byteLength)) // a copy is aligned
    values.set(name, f32([...shape], floats(bytes, dtype)))
  }
  return values
}

function floats({ buffer }: Uint8Array, dtype: string): Float32Array {
  if (dtype === 'f16') return f16ToF32(new Uint16Array(buffer))
  return dtype === 'bf16' ? bf16ToF32(new Uint16Array(buffer)) : new Float32Array(buffer)
}
