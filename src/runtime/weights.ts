import type { DType } from '../tensor/index.ts'
import { bytesOf, type Value } from './values.ts'

/** Where a frozen weight's bytes are: in memory, or in a file that the session gets whole, under a short name. */
export interface WeightSource {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly content: Uint8Array | { readonly file: string; readonly offset: number; readonly length: number }
}

/** Weights held in memory, by name. */
export const weightsOf =
  (values: ReadonlyMap<string, Value>) =>
  (name: string): WeightSource | undefined => {
    const value = values.get(name)
    return value && { dtype: value.dtype, shape: value.dims, content: bytesOf(value.data) }
  }
