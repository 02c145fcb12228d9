import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { proxiesOf, proxyFor } from '../../src/hub/proxy.ts'
import { pullModel } from '../../src/hub/pull.ts'
import { describeRemote } from '../../src/hub/remote.ts'
import { fovea } from '../cli/fovea.ts'
import { type FakeHub, ID, sendFile, startHub } from './fake-hub.ts'

vi.setConfig({ testTimeout: 180_000 })
afterEach(() => {
  vi.unstubAllEnvs()
})

const reference = { id: ID, revision: 'main' }
const port = (endpoint: string) => new URL(endpoint).port

/** A proxy in a process of its own; `lines` is what it was asked for. */
async function startProxy(password = '') {
  const child = spawn(process.execPath, ['tests/hub/proxy-server.mjs', password], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill())
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  while (!text.includes('\n')) await once(child.stdout, 'data')
  const { 0: at } = text.split('\n')
  return { host: `127.0.0.1:${at}`, lines: () => text.split('\n').slice(1, -1) }
}

/** The same hub by TLS, as `hub.test`: the port. */
async function secured(hub: FakeHub): Promise<number> {
  hub.misbehave = ({ name, bytes, request: { headers }, response }) => {
    sendFile(response, name, bytes, headers.range, hub.commit())
    return true
  }
  const tls = {
    key: readFileSync('tests/fixtures/tls/key.pem'),
    cert: readFileSync('tests/fixtures/tls/certificate.pem'),
  }
  const server = createServer(tls, ({ url, method, headers }, answer) => {
    const onward = request(`${hub.endpoint}${url}`, { method, headers }, (came) => {
      answer.writeHead(came.statusCode!, came.headers)
      came.pipe(answer)
    })
    onward.end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

function processesUse(hub: FakeHub, env: Record<string, string>): void {
  const clear = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'HF_TOKEN']
  const all = { ...Object.fromEntries(clear.map((name) => [name, ''])), HF_HUB_CACHE: hub.settings.cache, ...env }
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value)
}

describe('the proxies of an environment', () => {
  it.each([
    [{}, undefined],
    [{ NO_PROXY: 'a' }, undefined],
    [{ HTTPS_PROXY: 'http://p:1' }, { https: 'http://p:1', none: '' }],
    [
      { HTTPS_PROXY: 'http://p:1', https_proxy: 'q:2', no_proxy: 'a,.b' },
      { https: 'http://q:2', none: 'a,.b' },
    ],
    [
      { HTTP_PROXY: 'p:1', http_proxy: '' },
      { http: 'http://p:1', none: '' },
    ],
  ])('%o', (env, proxies) => expect(proxiesOf(env)).toEqual(proxies))

  it('must be HTTP proxies; passwords are not shown', () => {
    expect(() => proxiesOf({ HTTPS_PROXY: 'socks5://me:secret@p:1' })).toThrow(
      'HTTPS_PROXY is "socks5://...@p:1"; it must be the address of an HTTP proxy, such as http://proxy.example.com:3128',
    )
  })
})

describe('NO_PROXY', () => {
  it.each([
    ['https://a.example/', '', true],
    ['https://a.example/', 'a.example', false],
    ['https://a.example/', 'other, example', false],
    ['https://a.example/', '.example', false],
    ['https://a.example/', '*.example', false],
    ['https://a.example/', 'b.example c.example', true],
    ['https://badexample/', 'example', true],
    ['https://a.example/', 'a.example:443', false],
    ['https://a.example/', 'A.Example:80', true],
    ['http://a.example:81/', 'a.example:81', false],
    ['http://[::1]:81/', '[::1]', false],
    ['http://[::1]:81/', '[::1]:80', true],
    ['http://a.example/', 'b,*', false],
  ])('for %s with "%s": by the proxy %s', (url, none, isUsed) => {
    const proxies = { http: 'http://p:1', https: 'http://p:1', none }
    expect(proxyFor(new URL(url), proxies) !== undefined).toBe(isUsed)
  })
})

describe('a download through a proxy', () => {
  it('asks it for all addresses, of the hub and of what it redirects to', async () => {
    const [hub, proxy] = [await startHub(), await startProxy()]
    const settings = { ...hub.settings, proxies: { http: `http://${proxy.host}`, none: '' } }
    await pullModel(reference, { settings })
    expect(proxy.lines()).toHaveLength(hub.seen.length)
    expect(new Set(proxy.lines().map((line) => new URL(line.replace('forward ', '')).port)).size).toBe(2)
    expect(proxy.lines().every((line) => line.startsWith('forward '))).toBe(true)
  })

  it.each(['127.0.0.1', 'localhost, 127.0.0.1', '*'])('goes past it where NO_PROXY says %s', async (none) => {
    const [hub, proxy] = [await startHub(), await startProxy()]
    const proxies = { http: `http://${proxy.host}`, none }
    await describeRemote({ ...hub.settings, proxies }, reference)
    expect(proxy.lines()).toEqual([])
  })

  it('finds a hub that only the proxy knows, by HTTP_PROXY', async () => {
    const [hub, proxy] = [await startHub(), await startProxy()]
    const HF_ENDPOINT = `http://hub.test:${port(hub.endpoint)}`
    processesUse(hub, { HF_ENDPOINT, HTTP_PROXY: proxy.host })
    expect(await fovea('models', 'pull', ID)).toMatchObject({ status: 0 })
    expect(proxy.lines()[0]).toMatch(`forward ${HF_ENDPOINT}/api/models/${ID}/`)
  })

  it('opens a tunnel for https by HTTPS_PROXY, with name and password', async () => {
    const [hub, proxy] = [await startHub(), await startProxy('secret')]
    const at = await secured(hub)
    processesUse(hub, {
      HF_ENDPOINT: `https://hub.test:${at}`,
      HTTPS_PROXY: `http://user:secret@${proxy.host}`,
      NODE_EXTRA_CA_CERTS: resolve('tests/fixtures/tls/certificate.pem'),
    })
    expect(await fovea('models', 'pull', ID)).toMatchObject({ status: 0 })
    expect(new Set(proxy.lines())).toEqual(new Set([`tunnel hub.test:${at}`]))
    expect(hub.seen.length).toBeGreaterThan(5)
  })

  it.each(['http', 'https'])('by %s says which proxy wants a password', async (scheme) => {
    const [hub, proxy] = [await startHub(), await startProxy('secret')]
    const name = `${scheme.toUpperCase()}_PROXY`
    processesUse(hub, { HF_ENDPOINT: `${scheme}://hub.test:${port(hub.endpoint)}`, [name]: proxy.host })
    expect(await fovea('models', 'pull', ID)).toEqual({
      status: 4,
      stdout: '',
      stderr: `fovea: the proxy ${proxy.host} of ${name}: it wants a name and a password (407), as in http://name:password@host:port\n`,
    })
  })

  it('names a proxy that is not there', async () => {
    const hub = await startHub()
    const settings = { ...hub.settings, proxies: { http: 'http://127.0.0.1:9', none: '' } }
    await expect(describeRemote(settings, reference)).rejects.toMatchObject({
      code: 'hub_unreachable',
      message: expect.stringContaining(
        'the connection through the proxy 127.0.0.1:9 of HTTP_PROXY failed: ECONNREFUSED (4 attempts)',
      ),
    })
  })

  it('is not sent by the hub to a private place that NO_PROXY keeps from it', async () => {
    const [hub, proxy] = [await startHub(), await startProxy()]
    hub.misbehave = ({ response }) => {
      response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end()
      return true
    }
    const proxies = { http: `http://${proxy.host}`, none: '127.0.0.1,169.254.169.254' }
    await expect(pullModel(reference, { settings: { ...hub.settings, proxies } })).rejects.toMatchObject({
      code: 'hub_redirect',
    })
  })
})
