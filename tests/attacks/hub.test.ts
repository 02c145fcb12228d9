/** Servers and caches that mean harm. */

import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { assertMayLead, placeOf } from '../../src/hub/address.ts'
import { dropDamaged, findCached, removeModel } from '../../src/hub/cached-models.ts'
import { fetchPinned } from '../../src/hub/exchange.ts'
import { describeRemote } from '../../src/hub/remote.ts'
import { type HubSettings, hubSettings } from '../../src/hub/settings.ts'
import { temporaryFolder } from '../cli/fovea.ts'

test.each([
  ['8.8.8.8', 'open'],
  ['2606:4700::1111', 'open'],
  ['127.0.0.1', 'loopback'],
  ['127.9.9.9', 'loopback'],
  ['::1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['169.254.169.254', 'link'],
  ['::ffff:169.254.169.254', 'link'],
  ['fe80::1', 'link'],
  ['0.0.0.0', 'link'],
  ['10.1.2.3', 'private'],
  ['172.31.0.1', 'private'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'private'],
  ['fc00::1', 'private'],
  ['64:ff9b::a9fe:a9fe', 'private'],
  ['no address', 'link'],
])('%s is %s', (address, place) => {
  expect(placeOf(address)).toBe(place)
})

test.each([
  ['https://8.8.8.8/', 'https://1.1.1.1/x', true],
  ['https://8.8.8.8/', 'https://127.0.0.1/x', false],
  ['https://8.8.8.8/', 'http://169.254.169.254/latest', false],
  ['https://8.8.8.8/', 'http://[::ffff:a9fe:a9fe]/latest', false],
  ['https://8.8.8.8/', 'http://2130706433/', false],
  ['https://8.8.8.8/', 'http://10.0.0.1/', false],
  ['http://127.0.0.1:1/', 'http://127.0.0.1:2/', true],
  ['http://127.0.0.1/', 'http://10.0.0.1/', false],
  ['http://127.0.0.1/', 'http://169.254.169.254/', false],
  ['http://10.0.0.1/', 'http://10.0.0.2/', true],
  ['http://10.0.0.1/', 'http://169.254.169.254/', false],
])('%s may lead to %s: %s', async (from, to, may) => {
  const led = await assertMayLead(new URL(from), new URL(to)).then(
    () => true,
    (error) => {
      expect(error).toMatchObject({ kind: 'network', code: 'hub_redirect' })
      return false
    },
  )
  expect(led).toBe(may)
})

test('a password in HF_ENDPOINT is not said', () => {
  for (const text of ['https://me:secret@example.com', 'ftp://me:secret@example.com/x', 'https://me:secret@'])
    expect(() => hubSettings({ HF_ENDPOINT: text })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret'), code: 'setting_invalid' }),
    )
})

test('a request goes to the address that was judged, whatever its name leads to', async () => {
  const asked: (string | undefined)[] = []
  const server = createServer(({ headers }, response) => {
    asked.push(headers.host)
    response.end('here')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const response = await fetchPinned(['127.0.0.1'], new URL(`http://huggingface.invalid:${port}/x`), {})
  expect([await response.text(), asked]).toEqual(['here', [`huggingface.invalid:${port}`]])
  expect(await assertMayLead(new URL('http://10.0.0.1/'), new URL('http://10.0.0.2/'))).toEqual(['10.0.0.2'])
})

describe('a server', () => {
  async function settingsOf(listener: RequestListener): Promise<HubSettings> {
    const server = createServer(listener).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    return {
      ...hubSettings({}),
      endpoint: `http://127.0.0.1:${port}`,
      cache: temporaryFolder(),
      idleMs: 300,
      retryMs: 1,
    }
  }
  const look = (settings: HubSettings) => describeRemote(settings, { id: 'org/name', revision: 'main' })
  const info = JSON.stringify({ _id: '1', id: 'org/name', sha: 'a'.repeat(40), private: false })

  test.each([
    ['no files', '[]'],
    ['the same file', JSON.stringify([{ type: 'file', path: 'a.txt', size: 1, oid: 'a'.repeat(40) }])],
  ])('whose list goes on without end, with %s on each page', async (_, page) => {
    let pages = 0
    const settings = await settingsOf(({ url, headers }, response) => {
      if (!url!.includes('/tree/')) return void response.end(info)
      pages++
      response.setHeader('link', `<http://${headers.host}${url!.split('?')[0]}?cursor=${pages}>; rel="next"`)
      response.end(page)
    })
    await expect(look(settings)).rejects.toMatchObject({ name: 'FoveaError', kind: 'network' })
    expect(pages).toBeLessThan(60)
  })

  test('that sends a byte now and then', async () => {
    const settings = await settingsOf((_, response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write(' '), 50)
      response.on('close', () => clearInterval(timer))
    })
    const begun = performance.now()
    await expect(look(settings)).rejects.toMatchObject({ kind: 'network', code: 'hub_unreachable' })
    expect(performance.now() - begun).toBeLessThan(8000)
  })

  test('that leads elsewhere on this machine is followed, to the address that was judged', async () => {
    const asked: string[] = []
    const settings = await settingsOf(({ url, headers }, response) => {
      asked.push(`${headers.host}${url}`)
      if (url!.includes('moved')) response.writeHead(404).end()
      else response.writeHead(302, { location: `http://localhost:${headers.host!.split(':')[1]}/moved` }).end()
    })
    await expect(look(settings)).rejects.toMatchObject({ kind: 'network', code: 'hub_not_found' })
    expect(asked.at(-1)).toMatch(/^localhost:\d+\/moved$/)
  })

  test('that leads to another network', async () => {
    const settings = await settingsOf((_, response) => {
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end()
    })
    await expect(look(settings)).rejects.toMatchObject({ code: 'hub_redirect', message: /169\.254\.169\.254/ })
  })
})

describe('links that were planted in the cache', () => {
  const [id, commit, hash] = ['org/name', 'c'.repeat(40), 'b'.repeat(64)]

  function planted() {
    const parent = temporaryFolder()
    const [cache, secret] = [join(parent, 'hub'), join(parent, 'blobs', hash)]
    const repository = join(cache, 'models--org--name')
    const snapshot = join(repository, 'snapshots', commit)
    for (const folder of [snapshot, join(repository, 'blobs'), join(repository, 'refs'), join(parent, 'blobs')])
      mkdirSync(folder, { recursive: true })
    writeFileSync(secret, 'a letter')
    writeFileSync(join(repository, 'refs/main'), commit)
    symlinkSync(secret, join(snapshot, 'config.json'))
    return { cache, secret, repository }
  }

  test('are not followed by a repair', async () => {
    const { cache, secret } = planted()
    const revision = await findCached(cache, { id, revision: 'main' })
    const files = [{ name: 'config.json', bytes: 8, state: 'damaged' }] as const
    await expect(dropDamaged(revision, files)).rejects.toMatchObject({ kind: 'input', code: 'cache_link' })
    expect(existsSync(secret)).toBe(true)
  })

  test.each([
    ['a model', undefined],
    ['a revision', 'main'],
  ])('are not followed when %s is removed', async (_, revision) => {
    const { cache, secret, repository } = planted()
    mkdirSync(join(repository, 'snapshots', 'd'.repeat(40)))
    await removeModel(cache, id, revision)
    expect(existsSync(secret)).toBe(true)
  })

  test('nor where a whole folder is one', async () => {
    const { cache, secret, repository } = planted()
    mkdirSync(join(repository, 'snapshots', 'd'.repeat(40)))
    rmSync(join(repository, 'blobs'), { recursive: true })
    symlinkSync(join(secret, '..'), join(repository, 'blobs'))
    await expect(removeModel(cache, id, 'main')).rejects.toMatchObject({ code: 'cache_link' })
    expect(existsSync(secret)).toBe(true)
  })
})
