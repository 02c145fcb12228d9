/** A run of the engine that takes some seconds. */
import { compile, f32 } from '../../../src/runtime/index.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { input, matmul, sum } from '../../../src/tensor/index.ts'

const SIDE = 4096

/** Resolves once the engine computes. */
export async function beginLongRun(): Promise<void> {
  const x = input('x', [SIDE, SIDE])
  const product = Array.from({ length: 8 }).reduce<typeof x>((left) => matmul(left, x), x)
  const program = await compile(new NodeBackend(), { out: sum(product) })
  program.run({ x: f32([SIDE, SIDE], new Float32Array(SIDE ** 2)) }).catch(() => undefined)
  await new Promise((resolve) => setTimeout(resolve, 200))
}
