import { type Backend, f32, type Value } from '../../src/runtime/index.ts'
import { input, matmul, mean, parameter, square, sub, transpose } from '../../src/tensor/index.ts'
import { adamw } from '../../src/training/optimizers.ts'
import { compileStep, type TrainingStep } from '../../src/training/step.ts'

/** A step of linear regression on batches of `rows` rows: y = x W^T with W [1, 3]. */
export function compileRegression(backend: Backend, rows: number, accumulate?: number): Promise<TrainingStep> {
  const weight = parameter('weight', [1, 3])
  const error = sub(matmul(input('x', [rows, 3]), transpose(weight)), input('y', [rows, 1]))
  return compileStep(backend, {
    losses: { error: mean(square(error)) },
    trained: new Map([['weight', weight]]),
    optimizer: () => adamw(),
    clip: 10,
    accumulate,
  })
}

export const initialWeight = (): Map<string, Value> => new Map([['weight', f32([1, 3], Float32Array.of(0.5, -1, 2))]])

/** Rows `from` to `from + rows` of one fixed data set. */
export function regressionBatch(from: number, rows: number): Record<string, Value> {
  const at = (i: number) => Math.sin(from * 3 + i + 1)
  const x = Float32Array.from({ length: rows * 3 }, (_, i) => at(i))
  const y = Float32Array.from({ length: rows }, (_, i) => x[i * 3] + 2 * x[i * 3 + 1] - x[i * 3 + 2])
  return { x: f32([rows, 3], x), y: f32([rows, 1], y) }
}
