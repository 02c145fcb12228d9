import { mkdtempSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/loading/node-load.ts'
import { writeTinyModel } from '../pipeline/tiny-model.ts'

let folder: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fovea-load-'))
  await writeTinyModel(folder)
})
afterEach(() => rm(folder, { recursive: true }))

/** Rewrites a JSON file of the model folder. */
async function change(name: string, edit: (json: Record<string, unknown>) => Record<string, unknown>): Promise<void> {
  const json = JSON.parse(await readFile(join(folder, name), 'utf8'))
  await writeFile(join(folder, name), JSON.stringify(edit(json)))
}

describe('a model folder', () => {
  it('without config.json is none', async () => {
    await rm(join(folder, 'config.json'))
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'config_missing',
      message: `${folder}: it holds no config.json, so it is no model folder`,
    })
  })

  it.each([
    ['lava', 'nearest: llava'],
    ['kosmos-2', 'supported: '],
  ])('of the unknown family %s is refused', async (model_type, hint) => {
    await change('config.json', (json) => ({ ...json, model_type }))
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'architecture_unknown',
      message: expect.stringContaining(`model_type "${model_type}" is not supported; ${hint}`),
    })
  })

  it('with a config that lacks a field is refused by the name of the field', async () => {
    await change('config.json', ({ vision_config, ...json }) => ({
      ...json,
      vision_config: { ...(vision_config as object), patch_size: 'large' },
    }))
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('config.json: vision_config.patch_size:'),
    })
  })

  it('with a preprocessor that cannot normalise is refused', async () => {
    await change('preprocessor_config.json', (json) => ({ ...json, image_std: [1, 2] }))
    await expect(loadModel(folder)).rejects.toMatchObject({ code: 'preprocessor_invalid' })
  })

  it('whose weights have another shape than config.json says is refused, all faults in one line', async () => {
    await change('config.json', ({ text_config, ...json }) => ({
      ...json,
      text_config: { ...(text_config as object), intermediate_size: 48 },
    }))
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'checkpoint_mismatch',
      message: expect.stringMatching(/gate_proj.weight is \[64,32\], config.json asks for \[48,32\].* and 4 more$/),
    })
  })
})
