/** Weights that change while a model is in use, and embeddings of weights that are no numbers. */
import { cpSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadModel } from '../../src/loading/node-load.ts'
import { loadEmbedder } from '../../src/loading/node-load-embedder.ts'
import { readImage } from '../../src/media/read-image.ts'
import { temporaryFolder } from '../cli/fovea.ts'
import { copyFamily, editTensors, imageOf } from './hostile-folder.ts'

test.each([
  ['cut off', (path: string) => truncateSync(path, 9000)],
  ['removed', (path: string) => rmSync(path)],
])('%s after the model was opened', async (_, change) => {
  const folder = temporaryFolder()
  copyFamily('llava', folder)
  const model = await loadModel(folder, { threads: 1 })
  const path = join(folder, 'model.safetensors')
  change(path)
  const answer = model.generate({ prompt: 'what?', images: [await readImage(imageOf())], maxTokens: 1 })
  await expect(answer).rejects.toMatchObject({
    kind: 'input',
    code: 'checkpoint_changed',
    message: `${path}: it was changed while the model was in use; load the model again`,
  })
  await model.dispose()
})

test.each([Number.NaN, Number.POSITIVE_INFINITY])('embeddings of weights that are %d are not shown', async (value) => {
  const folder = temporaryFolder()
  cpSync(new URL('../fixtures/embeddings/clip', import.meta.url), folder, { recursive: true })
  await editTensors(folder, (name, data) => {
    if (!name.includes('projection')) return
    new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4).fill(value)
  })
  const model = await loadEmbedder(folder, { threads: 1 })
  await expect(model.embed({ texts: ['a photo of a cat'] })).rejects.toMatchObject({
    kind: 'input',
    code: 'embedding_not_finite',
    message: expect.stringContaining('its weights or the input are damaged'),
  })
  await model.dispose()
})
