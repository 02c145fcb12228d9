/** A program that uses the engine once and ends. */
import { compile, f32 } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { add, input } from '../../src/tensor/index.ts'

const backend = new NodeBackend()
const program = await compile(backend, { out: add(input('x', [1]), 1) })
await program.run({ x: f32([1], Float32Array.of(1)) })
await backend.dispose()
