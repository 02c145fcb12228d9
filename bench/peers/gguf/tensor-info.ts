export type GgufType = 'F32' | 'F16' | 'Q4_0' | 'Q8_0'

export interface TensorInfo {
  readonly name: string
  /** Innermost first. */
  readonly shape: readonly number[]
  readonly type: GgufType
}
