/** Programs at work: lowering to ONNX, sessions, weights, cost. */

export type { Backend, Caches, Device, Resident, RunOptions, RunResult, Session, SessionOptions } from './backend.ts'
export { cacheKey } from './backend.ts'
export { followsNorm, type LinearLayer, linearGroups } from './linear-layers.ts'
export { lower } from './lower.ts'
export { encodeModel } from './onnx/model.ts'
export { type CompileOptions, type Cost, compile, countCost, type Program, type ProgramResult } from './program.ts'
export {
  type Int4Weight,
  type Int8Weight,
  packInt4,
  packInt8,
  quantizeInt4,
  quantizeInt8,
  scaleInt8,
} from './quantize.ts'
export {
  type LayerForm,
  type QuantizedLayer,
  type QuantizedWeights,
  quantizedParts,
  quantizedProgram,
} from './quantized-program.ts'
export { allocate, bytesOf, f32, i64, joinFloats, type TypedArray, typedArray, type Value } from './values.ts'
export { type WeightSource, weightsOf } from './weights.ts'
