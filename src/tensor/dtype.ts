/** @internal What `tensor.ts` exports. */

/** Element types. bf16 is for storage: weights come in it and are cast before use. */
export type DType = 'f32' | 'f16' | 'bf16' | 'i64' | 'i32' | 'i8' | 'u8' | 'bool'

export const isFloat = (dtype: DType): boolean => dtype === 'f32' || dtype === 'f16' || dtype === 'bf16'
