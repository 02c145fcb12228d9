import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { type DownloadProgress, loadModel, resolveModel } from '../../src/index.ts'
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

/** An empty folder that is the current one until the test ends. */
async function elsewhere(): Promise<string> {
  const [folder, before] = [await mkdtemp(join(tmpdir(), 'fovea-elsewhere-')), process.cwd()]
  process.chdir(folder)
  onTestFinished(() => {
    process.chdir(before)
    return rm(folder, { recursive: true })
  })
  return folder
}

it('knows the model that comes with the package wherever it is called', async () => {
  const before = process.cwd()
  await elsewhere()
  expect(await resolveModel('mini')).toBe(join(before, 'models/fovea-mini'))
})

it('takes a name below a folder that is here for a path, unless it has a revision or the cache knows it', async () => {
  const { settings, seen } = await startHub()
  await mkdir(join(await elsewhere(), ID.split('/')[0]))
  await expect(resolveModel(ID, { settings })).rejects.toMatchObject({
    code: 'model_missing',
    message: `${ID}: there is no such folder in ${ID.split('/')[0]}; a model of the hub by that name is ${ID}@main`,
  })
  expect(seen).toEqual([])
  const folder = await resolveModel(`${ID}@main`, { settings })
  expect(await resolveModel(ID, { settings })).toBe(folder)
})

it.each([
  [7, {}, 'model_name_invalid', 'loadModel: a model is mini, a folder or org/name, not a number'],
  ['', {}, 'model_name_invalid', 'loadModel: a model is mini, a folder or org/name, not ""'],
  ['mini', { dType: 'int8' }, 'option_unknown', /^loadModel: there is no option dType; there are device, dtype, /],
  ['mini', { dtype: 'fp64' }, 'option_invalid', 'loadModel: dtype is one of fp32, int8, int4, auto, not "fp64"'],
  ['mini', { threads: '2' }, 'option_invalid', 'loadModel: threads is a number, not "2"'],
])('refuses the name %s with %o', async (name, options, code, message) => {
  const expected = message instanceof RegExp ? expect.stringMatching(message) : message
  await expect(loadModel(name as string, options as object)).rejects.toMatchObject({
    code,
    kind: 'usage',
    message: expected,
  })
})
