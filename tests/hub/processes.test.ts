import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { repositoryFolder } from '../../src/hub/cache.ts'
import { lockPath, partPath } from '../../src/hub/download.ts'
import { fovea, startFovea } from '../cli/fovea.ts'
import { etagOf, type FakeHub, ID, stall, startHub } from './fake-hub.ts'

const WEIGHTS = 'model.safetensors'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** Processes that are started from now on use this hub and its cache. */
async function hubForProcesses(): Promise<FakeHub> {
  const hub = await startHub()
  vi.stubEnv('HF_ENDPOINT', hub.endpoint)
  vi.stubEnv('HF_HUB_CACHE', hub.settings.cache)
  vi.stubEnv('HF_TOKEN', '')
  vi.stubEnv('HF_HUB_OFFLINE', '')
  return hub
}

const pathsOf = (hub: FakeHub) => {
  const repository = repositoryFolder(hub.settings.cache, ID)
  const etag = etagOf(WEIGHTS, hub.files.get(WEIGHTS)!)
  return { repository, part: partPath(repository, etag), lock: lockPath(repository, etag) }
}

/** The first request for the weights gets some bytes and then nothing, until the client goes. */
function stallOnce(hub: FakeHub, count: number): void {
  let isFirst = true
  hub.misbehave = (request) => {
    if (request.host !== 'storage' || !isFirst) return false
    isFirst = false
    return stall(request, count)
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let left = 400; !condition() && left > 0; left--) await wait(50)
  expect(condition()).toBe(true)
}

const holds = (path: string, bytes: number): boolean => existsSync(path) && statSync(path).size >= bytes
const storageRanges = (hub: FakeHub) => hub.seen.filter(({ host }) => host === 'storage').map(({ range }) => range)

describe('processes', () => {
  it('at once fetch the weights once; each finds them', async () => {
    const hub = await hubForProcesses()
    const ended = await Promise.all([fovea('models', 'pull', ID), fovea('models', 'pull', ID)])
    expect(ended.map(({ status }) => status)).toEqual([0, 0])
    expect(storageRanges(hub)).toEqual([undefined])
    const { repository } = pathsOf(hub)
    const folder = join(repository, 'snapshots', hub.commit())
    expect(readFileSync(join(folder, WEIGHTS))).toEqual(hub.files.get(WEIGHTS))
    expect(readdirSync(join(repository, 'blobs')).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  it('that are killed leave a part and a lock; the next takes over and goes on', async () => {
    const hub = await hubForProcesses()
    const { part, lock } = pathsOf(hub)
    stallOnce(hub, 60_000)
    const { child, ended } = startFovea(['models', 'pull', ID])
    await until(() => holds(part, 60_000))
    child.kill('SIGKILL')
    await ended
    expect(existsSync(lock)).toBe(true)
    const next = await fovea('models', 'pull', ID, '--json')
    expect(next.status).toBe(0)
    expect(storageRanges(hub)).toEqual([undefined, 'bytes=60000-'])
    expect(existsSync(lock)).toBe(false)
    expect(existsSync(part)).toBe(false)
  })

  it('that are interrupted say that the part is kept, and exit with 130', async () => {
    const hub = await hubForProcesses()
    const { part, lock } = pathsOf(hub)
    stallOnce(hub, 60_000)
    const { child, ended } = startFovea(['models', 'pull', ID])
    await until(() => holds(part, 60_000))
    child.kill('SIGINT')
    const { status, stderr } = await ended
    expect(status).toBe(130)
    expect(stderr).toContain('stopped; what has come is kept, and the same command goes on')
    expect(existsSync(lock)).toBe(false)
    expect(statSync(part).size).toBe(60_000)
  })

  it('that wait say for whom, and go on when that one dies', async () => {
    const hub = await hubForProcesses()
    const { part } = pathsOf(hub)
    stallOnce(hub, 60_000)
    const first = startFovea(['models', 'pull', ID])
    await until(() => holds(part, 60_000))
    const second = startFovea(['models', 'pull', ID])
    let said = ''
    second.child.stderr!.on('data', (text) => {
      said += text
    })
    await until(() => said.includes(`waiting for process ${first.child.pid}, which downloads ${WEIGHTS}`))
    first.child.kill('SIGKILL')
    expect((await second.ended).status).toBe(0)
    expect(storageRanges(hub)).toEqual([undefined, 'bytes=60000-'])
  })
})
