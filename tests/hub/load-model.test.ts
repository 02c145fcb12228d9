import { expect, it, vi } from 'vitest'
import { type DownloadProgress, loadModel } from '../../src/index.ts'
import { ID, startHub } from './fake-hub.ts'

it('loads a model of the hub at a revision, tells how far the download is, and ends when aborted', async () => {
  const hub = await startHub()
  vi.stubEnv('HF_ENDPOINT', hub.endpoint)
  vi.stubEnv('HF_HUB_CACHE', hub.settings.cache)
  vi.stubEnv('HF_TOKEN', '')
  const controller = new AbortController()
  controller.abort()
  await expect(loadModel(ID, { signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' })
  const told: DownloadProgress[] = []
  const model = await loadModel(ID, { revision: 'v1', onProgress: (progress) => told.push(progress) })
  expect(model.parts.name).toBe(ID)
  expect(told.at(-1)).toMatchObject({ id: ID, bytes: told[0].totalBytes })
  expect((await model.generate({ prompt: 'hello', images: [], maxTokens: 2, ignoreEos: true })).tokens.generated).toBe(
    2,
  )
  await model.dispose()
  await expect(loadModel(ID, { revision: 'v2' })).rejects.toMatchObject({ code: 'hub_not_found' })
  vi.unstubAllEnvs()
})
