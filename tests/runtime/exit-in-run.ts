/** Ends its process with code 7 while the engine is computing. */
import { compile, f32 } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { input, matmul, sum } from '../../src/tensor/index.ts'

const SIDE = 1024
const x = input('x', [SIDE, SIDE])
const program = await compile(new NodeBackend(), { out: sum(matmul(matmul(matmul(x, x), x), x)) })
void program.run({ x: f32([SIDE, SIDE], new Float32Array(SIDE ** 2)) })
setTimeout(() => process.exit(7), 30)
