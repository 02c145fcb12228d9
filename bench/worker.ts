import { compile, f32 } from '../src/runtime/index.ts'
import { add, input } from '../src/tensor/index.ts'
import { type Benchmark, medianOf } from './row.ts'

const RUNS = 200

/** What a step costs outside the engine: the way to its thread and back. */
export const worker: Benchmark = {
  name: 'worker',
  measure: async ({ backend, repeat }) => {
    const program = await compile(backend, { y: add(input('x', [8]), 1) })
    const feed = { x: f32([8], new Float32Array(8)) }
    const overhead = async () => {
      const started = performance.now()
      const { milliseconds } = await program.run(feed)
      return performance.now() - started - milliseconds
    }
    const value = await medianOf(repeat, () => medianOf(RUNS, overhead, 0), 1)
    await program.dispose()
    return [{ name: 'worker overhead per step', value, unit: 'ms', target: { atMost: 0.3 } }]
  },
}
