import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { compile, countCost, f32, type Program } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { peakMemory } from '../../src/runtime/node/memory.ts'
import { findProfile, summariseProfile } from '../../src/runtime/profile.ts'
import { add, input, matmul, parameter, relu } from '../../src/tensor/index.ts'

const backend = new NodeBackend()
const folder = mkdtempSync(join(tmpdir(), 'fovea-profile-'))
afterAll(async () => {
  await backend.dispose()
  rmSync(folder, { recursive: true })
})

/** [n, 4] -> 8 -> relu -> 3. */
function mlp() {
  const hidden = relu(add(matmul(input('x', ['n', 4]), parameter('w1', [4, 8])), parameter('b1', [8])))
  return add(matmul(hidden, parameter('w2', [8, 3])), parameter('b2', [3]))
}
const feeds = (n: number) => ({
  x: f32([n, 4], new Float32Array(4 * n)),
  w1: f32([4, 8], new Float32Array(32)),
  b1: f32([8], new Float32Array(8)),
  w2: f32([8, 3], new Float32Array(24)),
  b2: f32([3], new Float32Array(3)),
})

describe('cost', () => {
  it('of a two-layer MLP equals a count by hand', () => {
    const n = 10
    const flops = 2 * n * 4 * 8 + n * 8 + n * 8 + 2 * n * 8 * 3 + n * 3
    const first = n * 4 + 32 + n * 8 + (n * 8 + 8 + n * 8) + (n * 8 + n * 8)
    const second = n * 8 + 24 + n * 3 + (n * 3 + 3 + n * 3)
    expect(countCost([mlp()], { n })).toEqual({ flops, bytes: 4 * (first + second) })
  })
  it('follows the sizes of a run', async () => {
    const program = await compile(backend, { out: mlp() })
    const { sizes } = await program.run(feeds(7))
    expect(program.cost(sizes)).toEqual(countCost([mlp()], { n: 7 }))
    expect(program.cost({ n: 14 }).flops).toBe(2 * program.cost(sizes).flops)
    expect(() => program.cost({})).toThrow('dim "n" has no size')
    await program.dispose()
  })
})

describe('profiles', () => {
  it('are written on release and summed up by op type', async () => {
    const prefix = join(folder, 'mlp')
    expect(() => findProfile(prefix)).toThrow('no profile begins with')
    const program: Program = await compile(backend, { out: mlp() }, { profile: prefix })
    for (let at = 0; at < 5; at++) await program.run(feeds(3))
    await program.dispose()
    const times = summariseProfile(findProfile(prefix))
    // The engine fuses each layer into one node.
    expect(times.map((time) => time.type).sort()).toEqual(['FusedGemm', 'Gemm'])
    expect(times.map((time) => time.calls)).toEqual([5, 5])
    expect(times.every((time) => time.milliseconds >= 0)).toBe(true)
    expect([...times].sort((a, b) => b.milliseconds - a.milliseconds)).toEqual(times)
  })
  it('that are something else are refused', () => {
    for (const text of ['{', '{}']) {
      const path = join(folder, 'other.json')
      writeFileSync(path, text)
      expect(() => summariseProfile(path)).toThrow('is not a profile of ONNX Runtime')
    }
  })
})

it('peakMemory counts what was held and given back', () => {
  const before = peakMemory()
  const held = new Uint8Array(64 * 2 ** 20).fill(1)
  expect(held.length).toBe(64 * 2 ** 20)
  expect(peakMemory()).toBeGreaterThanOrEqual(before)
  expect(peakMemory()).toBeGreaterThan(64 * 2 ** 20)
})
