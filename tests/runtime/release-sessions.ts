/** Prints the least by which the process grew over 100 sessions that were given back, in MiB; run with --expose-gc. */
import { compile, f32 } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { constant, input, matmul } from '../../src/tensor/index.ts'

const { gc } = globalThis as unknown as { readonly gc: () => void }
const backend = new NodeBackend()
// 256 KiB of weights in the session, twice that in JavaScript: a hundred that stay are well above what a heap wavers by.
const weight = new Float64Array(256 * 256).fill(1)

async function cycle(): Promise<void> {
  const program = await compile(backend, { out: matmul(input('x', ['n', 256]), constant(weight, [256, 256])) })
  await program.run({ x: f32([4, 256], new Float32Array(1024)) })
  await program.dispose()
}

async function residentAfter(cycles: number): Promise<number> {
  for (let at = 0; at < cycles; at++) await cycle()
  gc()
  return process.memoryUsage().rss / 2 ** 20
}

// A heap grows at some time or other; one that leaks grows every time.
const resident = [await residentAfter(100)]
for (let round = 0; round < 3; round++) resident.push(await residentAfter(100))
console.log(Math.min(...resident.slice(1).map((after, round) => after - resident[round])))
await backend.dispose()
