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
import { loadModel as loadUncalibrated } from '../../src/loading/node-load.ts'
import { precisionLine } from '../../src/pipeline/precision-report.ts'
import { cacheFolder } from '../../src/quantization/node-cache.ts'
import { picture, writeTinyModel } from '../pipeline/tiny-model.ts'
import { ownCache } from './cache-folder.ts'

const cache = ownCache()
const folder = mkdtempSync(join(tmpdir(), 'fovea-cached-'))
beforeAll(() => writeTinyModel(folder))
afterAll(() => rmSync(folder, { recursive: true }))

const load = (dtype: 'int8' | 'int4' = 'int8') => loadWith(loadUncalibrated, dtype)

async function loadWith(open: typeof loadModel, dtype: 'int8' | 'int4' = 'int8') {
  const model = await open(folder, { dtype, threads: 1 })
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
    const made = await loadWith(loadModel)
    expect(made.precision.cached).toBe(false)
    const read = await loadWith(loadModel)
    expect(read.precision).toMatchObject({ cached: true, layers: made.precision.layers })
    expect(read.logits).toEqual(made.logits)
    expect(kept().length).toBe(1) // nothing of the calibration is left
    expect((await load()).precision.cached).toBe(false) // made without calibration: other weights
    expect((await load('int4')).precision.cached).toBe(false)
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
    const before = await loadWith(loadModel)
    const file = join(cache(), 'a file')
    writeFileSync(file, '')
    process.env.FOVEA_CACHE = join(file, 'below')
    const { logits, precision } = await loadWith(loadModel)
    process.env.FOVEA_CACHE = cache()
    expect(precision.cached).toBe(false)
    expect(precisionLine(precision)).toContain(`not cached: ${join(file, 'below', 'quantized')} cannot be written`)
    expect(logits).toEqual(before.logits)
    expect(existsSync(join(file, 'below'))).toBe(false)
  })
})

it('the cache lies where FOVEA_CACHE says, or among the caches of the user', () => {
  const env = { HOME: '/home/a' }
  expect(cacheFolder({ env: { ...env, FOVEA_CACHE: '/x' }, platform: 'linux' })).toBe('/x')
  expect(cacheFolder({ env: { ...env, XDG_CACHE_HOME: '/y' }, platform: 'linux' })).toBe('/y/fovea')
  expect(cacheFolder({ env, platform: 'darwin' })).toMatch(/Library\/Caches\/fovea$/)
  expect(cacheFolder({ env: { LOCALAPPDATA: '/z' }, platform: 'win32' })).toBe('/z/fovea/cache')
})
