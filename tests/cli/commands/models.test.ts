import { existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { loadModel } from '../../../src/evaluation/load-model.ts'
import { lockPath } from '../../../src/hub/download.ts'
import { type FakeHub, ID, startHub } from '../../hub/fake-hub.ts'
import { fovea } from '../fovea.ts'

const IMAGE = 'tests/fixtures/families/smolvlm/image-0.png'
const QUESTION = 'what color is the star?'

vi.setConfig({ testTimeout: 180_000 })

afterEach(() => {
  vi.unstubAllEnvs()
})

async function hubForCommands(fixture?: string): Promise<FakeHub> {
  const hub = await startHub(fixture)
  vi.stubEnv('HF_ENDPOINT', hub.endpoint)
  vi.stubEnv('HF_HUB_CACHE', hub.settings.cache)
  vi.stubEnv('HF_TOKEN', '')
  vi.stubEnv('HF_HUB_OFFLINE', '')
  vi.stubEnv('HF_HUB_DOWNLOAD_TIMEOUT', '600')
  return hub
}

const json = (text: string) => JSON.parse(text)

describe('a model of the hub by its name', () => {
  it('answers about an image: the first time it is downloaded, then it is there without the hub', async () => {
    const hub = await hubForCommands()
    const ask = ['ask', IMAGE, QUESTION, '--model', ID, '--max-tokens', '12', '--json']
    const first = await fovea(...ask)
    expect(first.status).toBe(0)
    expect(first.stderr).toMatch(/fovea-tests\/tiny 1\/1 MB, /)
    const asked = hub.seen.length
    vi.stubEnv('HF_HUB_OFFLINE', '1')
    const again = await fovea(...ask)
    expect({ ...again, stdout: '' }).toEqual({ status: 0, stdout: '', stderr: '' })
    const [one, two] = [json(first.stdout), json(again.stdout)]
    expect(one.model).toBe(ID)
    expect(two.text ?? two.answer).toBe(one.text ?? one.answer)
    expect(hub.seen).toHaveLength(asked)
  })

  it('computes what its folder computes', async () => {
    await hubForCommands()
    const forward = (model: string) => fovea('forward', model, '--image', IMAGE, '--prompt', QUESTION, '--json')
    const [hub, folder] = await Promise.all([forward(ID), forward('tests/fixtures/families/smolvlm')])
    expect(json(hub.stdout)).toEqual(json(folder.stdout))
  })

  it('is refused before the weights come where no family reads it', async () => {
    const hub = await hubForCommands()
    hub.files.set('config.json', Buffer.from('{"model_type": "smolvml"}'))
    const { status, stderr } = await fovea('ask', IMAGE, QUESTION, '--model', ID)
    expect(status).toBe(3)
    expect(stderr).toContain(`${ID}: model_type "smolvml" is not supported; nearest: smolvlm`)
    expect(hub.seen.filter(({ host }) => host === 'storage')).toEqual([])
  })

  it('is not downloaded for a question about an image that is not there', async () => {
    const hub = await hubForCommands()
    hub.misbehave = ({ host }) => host === 'storage' // and never answers
    const { status, stderr } = await fovea('ask', 'nowhere.png', QUESTION, '--model', ID)
    expect(status).toBe(3)
    expect(stderr).toMatch(/^fovea: nowhere\.png: /m)
  })

  it('that does not exist says what would work', async () => {
    await hubForCommands()
    const [unknown, odd] = await Promise.all([
      fovea('ask', IMAGE, QUESTION, '--model', 'fovea-tests/tyni'),
      fovea('ask', IMAGE, QUESTION, '--model', 'tiny'),
    ])
    expect(unknown.status).toBe(4)
    expect(unknown.stderr).toMatch(/^fovea: fovea-tests\/tyni: there is no such folder here, and no such model at http/)
    expect(odd.status).toBe(3)
    expect(odd.stderr).toContain(
      'tiny: there is no such model folder; a model is mini, a folder, or org/name of the hub',
    )
  })
})

describe('fovea models', () => {
  it('pulls, lists, verifies, repairs and removes', async () => {
    const hub = await hubForCommands()
    const pulled = json((await fovea('models', 'pull', ID, '--json')).stdout)
    expect(pulled).toMatchObject({ id: ID, revision: 'main', commit: hub.commit() })
    expect(pulled.fetched).toBe(pulled.bytes)

    const [listed] = json((await fovea('models', 'list', '--json')).stdout)
    expect(listed).toMatchObject({ id: ID, bytes: pulled.bytes, unfinished: 0 })
    expect(listed.revisions).toMatchObject([{ commit: hub.commit(), refs: ['main'], files: 8, isComplete: true }])
    expect((await fovea('models', 'list')).stdout).toMatch(
      new RegExp(`^model .*state\n${ID} +main, ${hub.commit().slice(0, 8)} .* 8 +ready\n$`),
    )

    const weights = realpathSync(join(pulled.folder, 'model.safetensors'))
    const bytes = readFileSync(weights)
    bytes[bytes.length - 1] ^= 1
    writeFileSync(weights, bytes)
    const broken = await fovea('models', 'verify', ID)
    expect(broken.status).toBe(3)
    expect(broken.stdout).toMatch(/model\.safetensors +161 kB +damaged/)
    expect(broken.stderr).toContain(
      `model.safetensors is damaged; fovea models verify ${ID} --repair fetches them again`,
    )
    expect((await fovea('models', 'verify', ID, '--repair')).status).toBe(0)
    const good = json((await fovea('models', 'verify', ID, '--json')).stdout)
    expect(new Set(good.files.map(({ state }: { state: string }) => state))).toEqual(new Set(['good']))

    const removed = json((await fovea('models', 'remove', ID, '--json')).stdout)
    expect(removed).toEqual({ id: ID, freed: pulled.bytes })
    expect(existsSync(listed.folder)).toBe(false)
    const gone = await fovea('models', 'remove', ID)
    expect(gone.status).toBe(3)
    expect(gone.stderr).toContain('is not in the cache; see fovea models list')
    expect((await fovea('models', 'list')).stdout).toContain('holds no models; fovea models pull org/name fetches one')
  })

  it('removes one revision with what no other uses', async () => {
    const hub = await hubForCommands()
    const first = json((await fovea('models', 'pull', `${ID}@v1`, '--json')).stdout)
    hub.files.set('generation_config.json', Buffer.from('{"eos_token_id": 2}'))
    const second = json((await fovea('models', 'pull', ID, '--json')).stdout)
    const removed = json((await fovea('models', 'remove', `${ID}@v1`, '--json')).stdout)
    expect(removed).toEqual({ id: ID, revision: 'v1', freed: 45 })
    expect(existsSync(first.folder)).toBe(false)
    expect((await fovea('models', 'verify', ID)).status).toBe(0)
    expect(lstatSync(join(second.folder, 'model.safetensors')).isSymbolicLink()).toBe(true)
  })

  it('does not remove what a process downloads', async () => {
    const hub = await hubForCommands()
    const { folder } = json((await fovea('models', 'pull', ID, '--json')).stdout)
    const lock = lockPath(join(hub.settings.cache, 'models--fovea-tests--tiny'), 'a')
    mkdirSync(dirname(lock), { recursive: true })
    writeFileSync(lock, JSON.stringify({ pid: process.pid, host: (await import('node:os')).hostname(), id: 'x' }))
    const { status, stderr } = await fovea('models', 'remove', ID)
    expect(status).toBe(5)
    expect(stderr).toContain(`process ${process.pid} is downloading it`)
    expect(existsSync(folder)).toBe(true)
  })

  it.each([
    ['a model of one file', 'smolvlm', 'idefics3'],
    ['a model of shards', 'llava-bf16-sharded', 'llava'],
  ])('describes %s by its headers alone, as it does a folder', async (_, fixture, family) => {
    const path = `tests/fixtures/families/${fixture}`
    const hub = await hubForCommands(path)
    const [remote, local] = await Promise.all([
      fovea('models', 'info', ID, '--json'),
      fovea('models', 'info', path, '--json'),
    ])
    const { files, bytes, commit, model, isLocal, ...found } = json(remote.stdout)
    expect({ commit, model, isLocal }).toEqual({ commit: hub.commit(), model: ID, isLocal: false })
    expect(json(local.stdout)).toMatchObject({ ...found, family, isLocal: true })
    expect(bytes).toBe(files.reduce((sum: number, file: { size: number }) => sum + file.size, 0))
    const [fp32, int8, int4] = found.memory
    expect(int4.total).toBeLessThan(int8.total)
    expect(int8.total).toBeLessThan(fp32.total)
    const loaded = await loadModel(path)
    await loaded.dispose()
    expect(fp32).toEqual(loaded.parts.precision.memory) // what loading refuses by is what is said before
    expect(existsSync(hub.settings.cache)).toBe(false)
    expect(hub.seen.filter(({ host }) => host === 'storage').every(({ range }) => range?.startsWith('bytes=0-'))).toBe(
      true,
    )
  })

  it('describes a model of embeddings, which has one precision and no context', async () => {
    const { stdout } = await fovea('models', 'info', 'tests/fixtures/embeddings/clip')
    expect(stdout).toMatch(/^family +clip$/m)
    expect(stdout).toMatch(/^memory +fp32 \d+ MB$/m)
  })

  it('says what stands against loading before the weights are there', async () => {
    const hub = await hubForCommands()
    const config = JSON.parse(String(hub.files.get('config.json')))
    config.text_config.hidden_size *= 2
    hub.files.set('config.json', Buffer.from(JSON.stringify(config)))
    const { memory, problem } = json((await fovea('models', 'info', ID, '--json')).stdout)
    expect(problem).toContain(`${ID}: the weights do not fit config.json`)
    expect(memory).toEqual([])
  })

  it('describes what fovea cannot load, and says why', async () => {
    const hub = await hubForCommands()
    hub.files.set('config.json', Buffer.from('{"model_type": "bert"}'))
    const { status, stdout } = await fovea('models', 'info', ID)
    expect(status).toBe(0)
    expect(stdout).toMatch(/^family +none: .*model_type "bert" is not supported/m)
    expect(stdout).toMatch(/^parameters +\d/m)
  })

  it('refuses names that are none, with exit code 2', async () => {
    for (const subcommand of ['pull', 'remove', 'verify']) {
      const { status, stderr } = await fovea('models', subcommand, '../x')
      expect({ status, stderr }).toEqual({
        status: 2,
        stderr: 'fovea: "../x" is no model of the hub; write org/name or org/name@revision\n',
      })
    }
  })
})
