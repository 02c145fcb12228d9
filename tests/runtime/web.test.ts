import { afterAll, describe, expect, it } from 'vitest'
import { compile, f32 } from '../../src/runtime/index.ts'
import { WebBackend } from '../../src/runtime/web/backend.ts'
import { input, mul } from '../../src/tensor/index.ts'
import { allOps, checkCase, drawCase } from '../tensor/harness.ts'

const backend = new WebBackend('wasm')
afterAll(() => backend.dispose())
const ops = (await allOps()).filter((op) => op.sample)

describe('onnxruntime-web (WASM)', () => {
  it.each(ops.map((op) => [op.name, op] as const))('%s keeps its contract', async (name, op) => {
    await checkCase(backend, drawCase(op, 11), 11, name)
  })

  it('keeps tensors between runs as the engine of Node does', async () => {
    const program = await compile(backend, { out: mul(input('x', ['n', 2]), 2) })
    const { session } = program
    await program.run({ x: f32([1, 2], Float32Array.of(1, 2)) }, { fetch: [], keep: { out: 'rows' } })
    const next = await program.run(
      { x: f32([2, 2], Float32Array.of(3, 4, 5, 6)) },
      { fetch: [], append: { out: 'rows' } },
    )
    expect(next.values).toEqual({})
    expect((await session.read(['rows'])).rows).toEqual(f32([3, 2], Float32Array.of(2, 4, 6, 8, 10, 12)))
    await session.truncate({ rows: 1 })
    const again = await program.run({ x: { resident: 'rows' } })
    expect(again.values.out).toEqual(f32([1, 2], Float32Array.of(4, 8)))
    expect(again.sizes).toEqual({ n: 1 })
    await program.dispose()
    await expect(session.read(['rows'])).rejects.toThrow('this session was released')
  })

  it('refuses devices that are absent', async () => {
    for (const device of ['webgpu', 'cuda'] as const) {
      const absent = new WebBackend(device)
      await expect(compile(absent, { out: mul(input('x', [1]), 2) })).rejects.toMatchObject({
        code: 'device_unavailable',
      })
    }
  })

  it('refuses work after it was disposed', async () => {
    const gone = new WebBackend()
    const program = await compile(gone, { out: mul(input('x', [1]), 2) })
    await gone.dispose()
    await expect(program.run({ x: f32([1], Float32Array.of(1)) })).rejects.toThrow('the engine was disposed')
    await expect(compile(gone, { out: mul(input('x', [1]), 2) })).rejects.toThrow('the engine was disposed')
  })
})
