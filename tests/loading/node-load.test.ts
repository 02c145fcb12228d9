import { mkdtempSync } from 'node:fs'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/loading/node-load.ts'
import { readImage } from '../../src/media/read-image.ts'
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

describe('the end of an answer', () => {
  const mini = 'models/fovea-mini'
  const question = { prompt: 'what color is the star?', maxTokens: 8 }

  /** fovea-mini, which names its end token in every file, with some of them silent. */
  async function withSilent(...silent: string[]): Promise<string> {
    const copy = join(folder, 'mini')
    await cp(mini, copy, { recursive: true })
    const edit = async (name: string, change: (json: Record<string, unknown>) => object) =>
      writeFile(join(copy, name), JSON.stringify(change(JSON.parse(await readFile(join(copy, name), 'utf8')))))
    const { eos_token_id: _, ...generation } = JSON.parse(await readFile(join(mini, 'generation_config.json'), 'utf8'))
    if (silent.includes('generation')) await edit('generation_config.json', () => generation)
    await edit('config.json', ({ eos_token_id, text_config, ...json }) => ({
      ...json,
      ...(!silent.includes('config') && { eos_token_id }),
      text_config: { ...(text_config as object), ...(silent.includes('text') && { eos_token_id: null }) },
    }))
    if (silent.includes('tokenizer')) await edit('tokenizer_config.json', ({ eos_token: _, ...json }) => json)
    else
      await edit('tokenizer_config.json', ({ eos_token, ...json }) => ({ ...json, eos_token: { content: eos_token } }))
    return copy
  }

  it.each([
    [['generation'], 'config.json'],
    [['generation', 'config'], 'text_config of config.json'],
    [['generation', 'config', 'text'], 'tokenizer_config.json'],
  ])('is found where %j are silent: in %s', async (silent, eosFile) => {
    const model = await loadModel(await withSilent(...silent), { threads: 1 })
    const image = await readImage('examples/scene.png')
    const reply = await model.generate({ ...question, images: [image] })
    expect({ text: reply.text, finishReason: reply.finishReason }).toEqual({ text: 'yellow', finishReason: 'stop' })
    expect(model.parts).toMatchObject({ eosFile, eosIds: [1] })
    await model.dispose()
  })

  it('is said to be nowhere', async () => {
    const model = await loadModel(await withSilent('generation', 'config', 'text', 'tokenizer'), { threads: 1 })
    expect(model.parts.eosIds).toEqual([])
    expect(model.parts.eosFile).toBeUndefined()
    await model.dispose()
  })
})

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
