import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/evaluation/load-model.ts'
import { quantizeModel } from '../../src/evaluation/quantize-model.ts'
import type { LoadOptions } from '../../src/loading/node-load.ts'
import { precisionLine } from '../../src/pipeline/precision-report.ts'
import { cacheFolder } from '../../src/quantization/node-cache.ts'
import { picture, writeTinyModel } from '../pipeline/tiny-model.ts'
import { ownCache } from './cache-folder.ts'

const cache = ownCache()
const folder = mkdtempSync(join(tmpdir(), 'fovea-cached-'))
beforeAll(() => writeTinyModel(folder))
afterAll(() => rmSync(folder, { recursive: true }))

async function load(dtype: 'int8' | 'int4' = 'int8', onQuantize?: LoadOptions['onQuantize']) {
  const model = await loadModel(folder, { dtype, threads: 1, onQuantize })
  let logits: number[] = []
  const onPrefill = (_: unknown, values: Float32Array) => {
    logits = Array.from(values)
  }
  await model.generate({ prompt: 'what is this?', images: [picture()], maxTokens: 1, onPrefill })
  await model.dispose()
  return { logits, precision: model.parts.precision }
}

const flipped = (bytes: Buffer, at: number): Buffer => {
  bytes[at] ^= 1
  return bytes
}

const kept = () => readdirSync(join(cache(), 'quantized')).map((name) => join(cache(), 'quantized', name))

describe('quantized weights on disk', () => {
  it('are made once, and give the same logits when they are read', async () => {
    const made = await load()
    expect(made.precision.cached).toBe(false)
    const read = await load()
    expect(read.precision).toMatchObject({ cached: true, layers: made.precision.layers })
    expect(read.logits).toEqual(made.logits)
    expect(kept().length).toBe(1)
    expect((await load('int4')).precision.cached).toBe(false)
  })

  it('tell how many of their bytes are made, from none to all', async () => {
    rmSync(join(cache(), 'quantized'), { recursive: true })
    const told: { done: number; total: number }[] = []
    await load('int8', (dtype, progress) => {
      expect(dtype).toBe('int8')
      told.push(progress)
    })
    const [{ total }] = told
    expect(told[0].done).toBe(0)
    expect(told.at(-1)!.done).toBe(total)
    expect(told.every(({ done }, at) => done <= total && (at === 0 || done >= told[at - 1].done))).toBe(true)
    expect(total).toBeLessThan(statSync(kept()[0]).size)
    await load('int8', () => expect.unreachable('nothing is made'))
  })

  it('read every layer of the checkpoint once', async () => {
    const { readFileSync: bytesOf } = await import('node:fs')
    const header = JSON.parse(
      bytesOf(kept()[0])
        .subarray(8, 8 + Number(bytesOf(kept()[0]).readBigUInt64LE()))
        .toString(),
    )
    const names = Object.keys(header).filter((name) => name !== '__metadata__')
    const pairs = names.filter((name) => name.endsWith('.int8') && header[name].data_offsets[0] % 4 === 0)
    // The levels follow their scales, so that both come from one reading.
    for (const name of pairs) expect(names[names.indexOf(name) - 1]).toBe(name.replace(/int8$/, 'scale'))
    expect(pairs.length).toBeGreaterThan(10)
  })

  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 100)],
    ['of another model', () => readFileSync(join(folder, 'model.safetensors'))],
    ['no safetensors at all', () => Buffer.from('<html>not found</html>')],
    ['empty', () => Buffer.alloc(0)],
    ['one byte longer', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(1)])],
    ['changed in its last bit', (bytes: Buffer) => flipped(bytes, bytes.length - 1)],
    ['changed in a bit amid the weights', (bytes: Buffer) => flipped(bytes, Math.floor(0.7 * bytes.length))],
    [
      'made for another key',
      (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace(/(cache_key":")./, '$1x'), 'latin1'),
    ],
  ])('are made again where the file is %s', async (_, damage) => {
    const before = await load()
    for (const path of kept()) {
      const { atime, mtime } = statSync(path)
      writeFileSync(path, damage(readFileSync(path)))
      utimesSync(path, atime, mtime) // disks that fail change no times
    }
    const after = await load()
    expect(after.precision).toMatchObject({ cached: false, notes: ['made again: what the cache held was damaged'] })
    expect(after.logits).toEqual(before.logits)
    expect((await load()).precision.cached).toBe(true)
  })

  it('are made again where the process died before it wrote their digest', async () => {
    await load()
    rmSync(join(cache(), 'digests'), { recursive: true })
    for (const path of kept()) utimesSync(path, new Date(), new Date()) // as a process sees them that reads them first
    expect((await load()).precision.cached).toBe(false)
    expect((await load()).precision.cached).toBe(true)
  })

  it('are made again where the checkpoint or its config changed', async () => {
    await load()
    const path = join(folder, 'model.safetensors')
    const bytes = readFileSync(path)
    bytes[bytes.length - 2] ^= 1
    writeFileSync(path, bytes)
    expect((await load()).precision.cached).toBe(false)
  })

  it('stay in memory where nothing can be written, and a note says so', async () => {
    const before = await load()
    const file = join(cache(), 'a file')
    writeFileSync(file, '')
    process.env.FOVEA_CACHE = join(file, 'below')
    const { logits, precision } = await load()
    process.env.FOVEA_CACHE = cache()
    expect(precision.cached).toBe(false)
    expect(precisionLine(precision)).toContain(`not cached: ${join(file, 'below', 'quantized')} cannot be written`)
    expect(logits).toEqual(before.logits)
    expect(existsSync(join(file, 'below'))).toBe(false)
  })
})

describe('a plan', () => {
  const plans = () => readdirSync(join(cache(), 'plans')).map((name) => join(cache(), 'plans', name))

  it('is made by a step of its own, kept, and used by every later load', async () => {
    const plain = await load()
    expect(plain.precision).not.toHaveProperty('calibration')
    const { precision, wasPlanned } = await quantizeModel(folder, { dtype: 'int8', threads: 1 })
    expect(wasPlanned).toBe(false)
    expect(precision.calibration).toMatch(/^world train/)
    expect(precision.layers.every(({ errors }) => errors.int8! > 0)).toBe(true)
    expect(precision.layers.some(({ smoothed }) => smoothed)).toBe(true)
    const planned = await load()
    expect(planned.precision).toMatchObject({
      cached: true,
      layers: precision.layers,
      calibration: precision.calibration,
    })
    expect(planned.logits).not.toEqual(plain.logits)
    expect((await quantizeModel(folder, { threads: 1 })).wasPlanned).toBe(true)
    expect((await load('int4')).precision).not.toHaveProperty('calibration')
  })

  it('leads to the same weights when these are made again', async () => {
    const before = await load()
    rmSync(join(cache(), 'quantized'), { recursive: true })
    const after = await load()
    expect(after.precision).toMatchObject({ cached: false, calibration: before.precision.calibration })
    expect(after.logits).toEqual(before.logits)
  })

  it('that is damaged is left out, and a note says so', async () => {
    for (const path of plans()) writeFileSync(path, flipped(readFileSync(path), statSync(path).size - 1))
    const { precision } = await load()
    expect(precision).not.toHaveProperty('calibration')
    expect(precision.notes).toEqual(['its plan is damaged and left out: run fovea quantize again'])
    expect((await quantizeModel(folder, { threads: 1 })).wasPlanned).toBe(false)
    expect((await load()).precision.calibration).toMatch(/^world train/)
  })

  it('that cannot be kept is an error: the step is for nothing else', async () => {
    const file = join(cache(), 'another file')
    writeFileSync(file, '')
    process.env.FOVEA_CACHE = join(file, 'below')
    await expect(quantizeModel(folder, { threads: 1 })).rejects.toMatchObject({ kind: 'resource' })
    process.env.FOVEA_CACHE = cache()
  })
})

it('the cache lies where FOVEA_CACHE says, or among the caches of the user', () => {
  const env = { HOME: '/home/a' }
  expect(cacheFolder({ env: { ...env, FOVEA_CACHE: '/x' }, platform: 'linux' })).toBe('/x')
  expect(cacheFolder({ env: { ...env, XDG_CACHE_HOME: '/y' }, platform: 'linux' })).toBe('/y/fovea')
  expect(cacheFolder({ env, platform: 'darwin' })).toMatch(/Library\/Caches\/fovea$/)
  expect(cacheFolder({ env: { LOCALAPPDATA: '/z' }, platform: 'win32' })).toBe('/z/fovea/cache')
})
