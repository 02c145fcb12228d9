import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { compile, f32, i64 } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { add, concat, input, matmul, sum } from '../../src/tensor/index.ts'

const backend = new NodeBackend()
afterAll(() => backend.dispose())

const row = (...values: number[]) => f32([values.length / 2, 2], Float32Array.from(values))

/** out = x + 1; all = the cache and out. */
async function counting() {
  const x = input('x', ['n', 2])
  const out = add(x, 1)
  return compile(backend, { out, all: concat([input('cache', ['past', 2]), out], 0) })
}

it('the engine keeps no id, and reports to nobody', async () => {
  const home = await mkdtemp(join(tmpdir(), 'fovea-home-'))
  const env = { PATH: process.env.PATH, HOME: home, XDG_CACHE_HOME: home, TMPDIR: home }
  const script = fileURLToPath(new URL('./one-run.ts', import.meta.url))
  await promisify(execFile)(process.execPath, ['--import', 'tsx', script], { env })
  const made = await readdir(home)
  await rm(home, { recursive: true })
  expect(made.filter((name) => !name.startsWith('tsx-'))).toEqual([])
})

describe('resident tensors', () => {
  it('are kept, appended to, read, fed, truncated and forgotten', async () => {
    const program = await counting()
    const { session } = program
    await session.write({ cache: row() })
    const step = (...values: number[]) =>
      program.run({ x: row(...values), cache: { resident: 'cache' } }, { fetch: ['all'], append: { out: 'cache' } })
    expect((await step(0, 1)).values.all).toEqual(row(1, 2))
    expect((await step(2, 3, 4, 5)).values.all).toEqual(row(1, 2, 3, 4, 5, 6))
    const third = await step(6, 7)
    expect(third.values.all).toEqual(row(1, 2, 3, 4, 5, 6, 7, 8))
    expect(third.sizes).toEqual({ n: 1, past: 3 })
    await session.truncate({ cache: 1 })
    expect((await step(9, 9)).values.all).toEqual(row(1, 2, 10, 10))
    expect(await session.read(['cache'])).toEqual({ cache: row(1, 2, 10, 10) })
    await session.truncate({ cache: 0 })
    expect(await session.read(['cache'])).toEqual({ cache: row() })
    await session.forget(['cache'])
    await expect(session.read(['cache'])).rejects.toThrow('no resident tensor "cache"')
    await program.dispose()
  })

  it('of a cache are named once, and found under the key of each run', async () => {
    const caches = { inputs: ['cache', 'nowhere'], appended: { out: 'cache', other: 'nowhere' } }
    const out = add(input('x', ['n', 2]), 1)
    const program = await compile(backend, { out, all: concat([input('cache', ['past', 2]), out], 0) }, { caches })
    const step = async (cache: string, ...values: number[]) =>
      (await program.run({ x: row(...values) }, { fetch: ['all'], cache })).values.all
    await program.session.write({ 'a/cache': row(), 'b/cache': row(7, 7) })
    expect(await step('a', 0, 1)).toEqual(row(1, 2))
    expect(await step('b', 2, 3)).toEqual(row(7, 7, 3, 4))
    expect(await step('a', 4, 5)).toEqual(row(1, 2, 5, 6))
    expect(await program.session.read(['a/cache'])).toEqual({ 'a/cache': row(1, 2, 5, 6) })
    await expect(step('c', 1, 1)).rejects.toThrow('no resident tensor "c/cache"')
    // Without the key of a cache they are inputs like any other.
    await expect(program.run({ x: row(1, 1) })).rejects.toThrow('input "cache" is missing')
    expect((await program.run({ x: row(1, 1), cache: row() }, { fetch: ['all'] })).values.all).toEqual(row(2, 2))
    await program.dispose()
  })

  it('replace what was kept before', async () => {
    const program = await counting()
    const feeds = { cache: row(), x: row(1, 1) }
    for (let at = 0; at < 3; at++) {
      const feed = at === 0 ? feeds : { ...feeds, x: { resident: 'state' } }
      const { values } = await program.run(feed, { fetch: ['out'], keep: { out: 'state' } })
      expect(values.out).toEqual(row(2 + at, 2 + at))
    }
    await program.dispose()
  })

  it('refuse rows that do not continue them', async () => {
    const program = await counting()
    const { session } = program
    const run = () => program.run({ x: row(1, 2), cache: row() }, { fetch: [], append: { out: 'cache' } })
    await expect(run()).rejects.toThrow('no resident tensor "cache" to append to')
    await session.write({ cache: f32([1, 3], new Float32Array(3)) })
    await expect(run()).rejects.toThrow('rows of f32 [1,2] do not continue "cache", which is f32 [1,3]')
    await expect(session.truncate({ cache: 2 })).rejects.toThrow('"cache" has 1 rows; it cannot be cut to 2')
    await expect(session.truncate({ cache: -1 })).rejects.toThrow('cannot be cut to -1')
    await program.dispose()
    await expect(session.read(['cache'])).rejects.toThrow('this session was released')
    await expect(program.run({ x: row(1, 2), cache: row() })).rejects.toThrow('this session was released')
  })
})

describe('feeds', () => {
  it.each([
    ['missing', { x: row(1, 2) }, 'input "cache" is missing'],
    ['unknown', { x: row(1, 2), cache: row(), y: row() }, 'the program has no input y; it has cache, x'],
    [
      'of another shape',
      { x: f32([1, 3], new Float32Array(3)), cache: row() },
      'input "x" must be f32 [n, 2], got f32 [1, 3]',
    ],
    ['of another dtype', { x: i64([1, 2], [1, 2]), cache: row() }, 'input "x" must be f32 [n, 2], got i64 [1, 2]'],
    ['with missing values', { x: f32([2, 2], new Float32Array(3)), cache: row() }, 'has 3 values, [2, 2] needs 4'],
  ])('%s are refused', async (_, feeds, message) => {
    const program = await counting()
    await expect(program.run(feeds)).rejects.toThrow(message)
    await program.dispose()
  })

  it('that give one dim two sizes are refused', async () => {
    const out = sum(add(input('a', ['n']), input('b', ['n'])))
    const program = await compile(backend, { out })
    const feeds = { a: f32([2], new Float32Array(2)), b: f32([3], new Float32Array(3)) }
    await expect(program.run(feeds)).rejects.toThrow('input "b" has 3 for the dim "n", another input has 2')
    await program.dispose()
  })
})

describe('the engine of Node', () => {
  it('keeps 100 runs in flight in their order', async () => {
    const program = await counting()
    await program.session.write({ cache: row() })
    const order: number[] = []
    const runs = Array.from({ length: 100 }, async (_, at) => {
      await program.run({ x: row(at, at), cache: row() }, { fetch: [], append: { out: 'cache' } })
      order.push(at)
    })
    const cut = program.session.truncate({ cache: 90 })
    const { cache } = await program.session.read(['cache'])
    await Promise.all([...runs, cut])
    expect(order).toEqual([...Array(100).keys()])
    expect(Array.from(cache.data as Float32Array)).toEqual([...Array(90).keys()].flatMap((at) => [at + 1, at + 1]))
    await program.dispose()
  })

  it('gives back the memory of released sessions', async () => {
    // In a process of its own: what the tests beside it hold, and garbage, are no part of the figure.
    const script = fileURLToPath(new URL('./release-sessions.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--import', 'tsx', script])
    expect(Number(stdout)).toBeLessThan(15)
  })

  it('refuses work after it was disposed, and ends what was waiting', async () => {
    const gone = new NodeBackend()
    const program = await compile(gone, { out: add(input('x', ['n', 2]), 1) })
    const waiting = program.run({ x: row(1, 2) })
    const ended = expect(waiting).rejects.toThrow('the engine was disposed')
    await gone.dispose()
    await ended
    await expect(program.run({ x: row(1, 2) })).rejects.toThrow('the engine was disposed')
    await expect(compile(gone, { out: add(input('x', [1]), 1) })).rejects.toThrow('the engine was disposed')
    await gone.dispose()
  })

  it('is disposed in the middle of a run, without harm to the process', async () => {
    const gone = new NodeBackend()
    const x = input('x', [1024, 1024])
    const program = await compile(gone, { out: sum(matmul(matmul(matmul(x, x), x), x)) })
    const feed = { x: f32([1024, 1024], new Float32Array(1024 ** 2)) }
    const runs = [program.run(feed), program.run(feed), program.run(feed)]
    const ended = Promise.all(runs.map((run) => expect(run).rejects.toThrow('the engine was disposed')))
    await new Promise((resolve) => setTimeout(resolve, 20))
    await Promise.all([gone.dispose(), gone.dispose(), ended])
  })

  it('does not fall over when the process ends in the middle of a run', async () => {
    const script = fileURLToPath(new URL('./exit-in-run.ts', import.meta.url))
    const end = promisify(execFile)(process.execPath, ['--import', 'tsx', script])
    await expect(end).rejects.toMatchObject({ code: 7, stderr: '' })
  })

  it.each(['cuda', 'webgpu', 'wasm'] as const)('says when the device %s is absent', async (device) => {
    const absent = new NodeBackend(device)
    const loading = compile(absent, { out: add(input('x', [1]), 1) })
    // A machine that has the device runs on it; any other must say so.
    const outcome = await loading.then(
      () => 'loaded',
      (error: { code?: string }) => error.code,
    )
    expect(device === 'wasm' ? ['device_unavailable'] : ['device_unavailable', 'loaded']).toContain(outcome)
    await absent.dispose()
  })

  it('blames the model where the device is fine', async () => {
    await expect(backend.load(new Uint8Array([1, 2, 3]))).rejects.toThrow(/protobuf/i)
  })
})
