/** Layers as functions of (weights, tensor). */
export * from './attention.ts'
export * from './cross-attention.ts'
export * from './layers.ts'
export * from './longrope.ts'
export * from './rope.ts'
export * from './scope.ts'
