import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScope } from '../../src/nn/index.ts'
import { parseMethod } from '../../src/papers/methods.ts'
import { pixelsOf, viewPixels } from '../../src/pipeline/flow/view-pixels.ts'
import { compose, dense } from '../../src/pipeline/method/compose.ts'
import { compile, f32 } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { type BankContent, featureBank } from '../../src/training/feature-bank.ts'
import { keptPictures, keptTensors, squareFeatures, viewsUnder } from '../../src/training/kept-pictures.ts'
import { imageOf } from '../../src/training/mini/data.ts'
import { trainingScene } from '../../src/training/mini/questions.ts'
import { largestDifference, PATCHES, type Tiny, tinyModel } from '../pipeline/tiny-model.ts'

const backend = new NodeBackend()
const cache = mkdtempSync(join(tmpdir(), 'fovea-bank-'))
const before = process.env.FOVEA_CACHE
let tiny: Tiny
beforeAll(async () => {
  process.env.FOVEA_CACHE = cache
  tiny = await tinyModel()
})
afterAll(async () => {
  if (before === undefined) delete process.env.FOVEA_CACHE
  else process.env.FOVEA_CACHE = before
  rmSync(cache, { recursive: true })
  await tiny.close()
  await backend.dispose()
})

const bankOf = (wanted: Partial<BankContent>, notes: string[] = []) =>
  featureBank({
    backend,
    parts: tiny.model.parts,
    scenes: 3,
    method: dense,
    inputs: ['patches'],
    ...wanted,
    onNote: (note) => notes.push(note),
  })

const sceneImage = (bank: Awaited<ReturnType<typeof bankOf>>, index: number) => imageOf(bank.scene(index).scene)

/** What the encoder makes of pixels. */
async function encoded(name: string, pixels: Float32Array, views: number): Promise<Float32Array> {
  const { architecture, weights } = tiny.model.parts
  const outputs = { made: keptTensors(squareFeatures(architecture, createScope(), views))[name] }
  const program = await compile(backend, outputs, weights.compileOptions)
  const { values } = await program.run({ pixels: f32([views, 3, 32, 32], pixels) })
  await program.dispose()
  return values.made.data as Float32Array
}

describe('a bank of features', () => {
  it('keeps what is read of the encoder and nothing else, and finds it again', async () => {
    const bank = await bankOf({ inputs: ['patches', 'hidden.1', 'ids'] })
    const found = bank.features([2, 0])
    expect(Object.keys(found).sort()).toEqual(['hidden.1', 'patches'])
    expect(found.patches.dims).toEqual([2, PATCHES, 32])
    expect(found['hidden.1'].dims).toEqual([2, PATCHES + 1, 32])
    const pixels = pixelsOf(
      viewsUnder(dense, tiny.model.parts.architecture, sceneImage(bank, 2))[0],
      tiny.model.parts.preprocessor,
    )
    for (const name of ['patches', 'hidden.1'])
      expect(
        largestDifference(
          (found[name].data as Float32Array).subarray(0, found[name].data.length / 2),
          await encoded(name, pixels, 1),
        ),
      ).toBeLessThan(5e-3)
    const notes: string[] = []
    const again = await bankOf({ inputs: ['hidden.1'] }, notes)
    expect(notes).toEqual([])
    expect(again.features([2, 0])['hidden.1'].data).toEqual(found['hidden.1'].data)
  })

  it('keeps every view that a method makes, in order, apart from those of other methods', async () => {
    const { architecture, preprocessor } = tiny.model.parts
    const method = parseMethod('llava-mini:resolution=2,side=3')
    const bank = await bankOf({ method })
    const { patches } = bank.features([1])
    expect(patches.dims).toEqual([5, PATCHES, 32])
    const views = viewsUnder(method, architecture, sceneImage(bank, 1))
    const pixels = Float32Array.from(views.flatMap((view) => [...pixelsOf(view, preprocessor)]))
    expect(largestDifference(patches.data as Float32Array, await encoded('patches', pixels, 5))).toBeLessThan(5e-3)
    expect(readdirSync(join(cache, 'features')).filter((name) => name.endsWith('.patches.safetensors'))).toHaveLength(2)
  })

  it('draws pixels for the encoders that a method brings', async () => {
    const { architecture, preprocessor } = tiny.model.parts
    const method = parseMethod('merv:encoders=siglip')
    const bank = await bankOf({ method, inputs: ['pixels.siglip'] })
    const found = bank.features([0, 1])
    expect(Object.keys(found)).toEqual(['pixels.siglip'])
    const [view] = viewsUnder(method, architecture, sceneImage(bank, 1))
    const size = 3 * 96 * 96
    expect((found['pixels.siglip'].data as Float32Array).subarray(size)).toEqual(
      viewPixels(view, preprocessor, method).encoders.siglip,
    )
  })

  it('refuses views of other sizes by name', async () => {
    await expect(bankOf({ method: parseMethod('llava-uhd') })).rejects.toMatchObject({
      code: 'bank_views',
      kind: 'usage',
      message: expect.stringMatching(/^llava-uhd.* on llava cuts images into views that are not of 32 x 32 pixels/),
    })
  })

  it('has scenes of the training split, the same for all', async () => {
    const bank = await bankOf({})
    expect(bank.scene(1).scene).toEqual(trainingScene({ split: 'train', seed: 77 }, 1).scene)
  })
})

describe('kept features', () => {
  it('have what layers left, and say by name that the rest is gone', () => {
    const method = compose({ name: 'reader:x=1', see: {} })
    const pictures = keptPictures(tiny.model.parts.architecture, method, 4)
    if (!('features' in pictures)) throw new Error('no features')
    const [layer] = pictures.features.layers
    expect(layer.hidden.shape).toEqual([4, PATCHES + 1, 32])
    expect(() => layer.attention).toThrow(
      'reader:x=1 reads attention of the vision encoder, of which only states are kept',
    )
    expect(() => layer.keys).toThrow(expect.objectContaining({ code: 'method_unfit' }))
  })
})
