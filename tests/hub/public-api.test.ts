/** What `import { hub } from 'fovea'` gives, against a hub that misbehaves. */
import { readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hub } from '../../src/index.ts'
import { breakOff, type FakeHub, ID, stall, startHub } from './fake-hub.ts'

const WEIGHTS = 'model.safetensors'

/** Lets the first `times` requests for the weights at the storage host end after 1,000 bytes. */
function breakWeights(server: FakeHub, times: number): void {
  let left = times
  server.misbehave = (request) =>
    request.host === 'storage' && request.name === WEIGHTS && left-- > 0 ? breakOff(request, 1000) : false
}

describe('hub.pull', () => {
  it('goes on over broken connections, and says how far it is', async () => {
    const server = await startHub()
    breakWeights(server, 3)
    const told: hub.DownloadProgress[] = []
    const { settings } = server
    const pulled = await hub.pull(ID, { settings, onProgress: (progress) => told.push(progress) })
    expect(readFileSync(join(pulled.folder, WEIGHTS))).toEqual(server.files.get(WEIGHTS))
    expect(told.at(-1)).toMatchObject({ id: ID, bytes: told[0].totalBytes })
    expect((await hub.pull(`${ID}@v1`, { settings })).fetched).toBe(0)
    const [{ revisions }] = await hub.list({ settings })
    expect(revisions).toMatchObject([{ commit: pulled.commit, refs: ['main', 'v1'], isComplete: true }])
  })

  it('ends when aborted, and the next call goes on from what has come', async () => {
    const server = await startHub()
    const { settings } = server
    const controller = new AbortController()
    server.misbehave = (request) => request.host === 'storage' && stall(request, 5000)
    const onProgress = ({ file, bytes }: hub.DownloadProgress) => {
      if (file === WEIGHTS && bytes >= 5000) controller.abort()
    }
    const pulling = hub.pull(ID, { settings, signal: controller.signal, onProgress })
    await expect(pulling).rejects.toMatchObject({ name: 'AbortError' })
    expect(await hub.list({ settings })).toMatchObject([{ id: ID, revisions: [], unfinished: 5000 }])
    server.misbehave = undefined
    await hub.pull(ID, { settings })
    expect(server.seen.at(-1)).toMatchObject({ host: 'storage', range: 'bytes=5000-' })
  })

  it('refuses bytes that are not those of the hub, models that cannot be loaded, names that are none', async () => {
    const server = await startHub()
    const { settings } = server
    server.misbehave = ({ host, bytes, response }) => {
      if (host === 'storage') response.writeHead(200).end(Buffer.alloc(bytes.length, 7))
      return host === 'storage'
    }
    await expect(hub.pull(ID, { settings })).rejects.toMatchObject({ code: 'hub_hash_mismatch', kind: 'network' })
    await expect(hub.pull(ID, { settings, revision: 'v9' })).rejects.toMatchObject({ code: 'hub_not_found' })
    await expect(hub.pull('../x', { settings })).rejects.toMatchObject({ code: 'model_name_invalid', kind: 'usage' })
    server.files.set('config.json', Buffer.from('{"model_type": "bert"}'))
    await expect(hub.pull(ID, { settings })).rejects.toMatchObject({ code: 'architecture_unknown', kind: 'input' })
  })
})

describe('hub.verify', () => {
  it('finds what is damaged, and fetches only that again', async () => {
    const server = await startHub()
    const { settings } = server
    const { folder, commit } = await hub.pull(ID, { settings })
    const weights = realpathSync(join(folder, WEIGHTS))
    const bytes = readFileSync(weights)
    bytes[bytes.length >> 1] ^= 1
    writeFileSync(weights, bytes)
    expect(await hub.verify(ID, { settings })).toMatchObject({ commit, faults: [{ name: WEIGHTS, state: 'damaged' }] })
    breakWeights(server, 1)
    const before = server.seen.length
    await hub.verify(ID, { settings, repair: true })
    const asked = server.seen.slice(before).filter(({ path }) => !path.startsWith('/api/') && !path.endsWith('.json'))
    expect(new Set(asked.map(({ path }) => path.split('/').at(-1)))).toEqual(new Set([WEIGHTS]))
    expect((await hub.verify(ID, { settings })).faults).toEqual([])
  })
})

describe('hub.describe and hub.remove', () => {
  it('describe a model before and after it is there, and make room', async () => {
    const { settings, commit } = await startHub()
    const remote = await hub.describe(ID, { settings })
    expect(remote).toMatchObject({ model: ID, family: 'idefics3', isLocal: false, commit: commit() })
    expect(remote.memory.map(({ precision }) => precision)).toEqual(['fp32', 'int8', 'int4'])
    await expect(hub.remove(ID, { settings })).rejects.toMatchObject({ code: 'model_not_cached' })
    const { files } = await hub.pull(ID, { settings })
    expect(await hub.describe(ID, { settings })).toMatchObject({ ...remote, files: expect.anything(), isLocal: true })
    expect(await hub.remove(ID, { settings })).toBe(files.reduce((sum, { size }) => sum + size, 0))
    expect(readdirSync(settings.cache).filter((name) => name.startsWith('models--'))).toEqual([])
  })
})
