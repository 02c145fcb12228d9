import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { LIMITS } from '../../../src/serve/limits.ts'
import { fetchImage } from '../../../src/serve/mcp/fetch-image.ts'

const PICTURE = Buffer.from('a picture')
let server: Server
let home: string
const asked: string[] = []

const to = (location: string, status = 302): RequestListener => {
  return (_, response) => response.writeHead(status, { location }).end()
}

/** What is at each path; `/hops/N` leads over N more redirects to the picture. */
function answerTo(path: string): RequestListener {
  const hops = /^\/hops\/(\d+)$/.exec(path)
  if (hops) return to(hops[1] === '0' ? '/picture' : `/hops/${Number(hops[1]) - 1}`)
  const pages: Record<string, RequestListener> = {
    '/picture': (_, response) => response.end(PICTURE),
    '/other-name': to(home.replace('127.0.0.1', 'localhost').concat('/picture')),
    '/inside': to('http://10.1.2.3/secret'),
    '/file': to('file:///etc/passwd'),
    '/with-password': to(home.replace('://', '://name:word@').concat('/picture')),
    '/too-large': (_, response) => response.end(Buffer.alloc(LIMITS.imageBytes + 1)),
    '/cut': (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy())
    },
    '/never': () => undefined,
  }
  return pages[path] ?? ((_, response) => response.writeHead(404).end())
}

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '')
    answerTo(request.url ?? '')(request, response)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  home = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** Of the addresses of this machine none but the one that the server listens at is open. */
const get = (path: string, signal?: AbortSignal) =>
  fetchImage(`${home}${path}`, { mayReach: (address) => ['127.0.0.1', '::1'].includes(address), signal })

it('brings what is at an address, over redirects to paths and to other names', async () => {
  for (const path of ['/picture', '/hops/0', '/hops/4', '/other-name']) expect(await get(path)).toEqual(PICTURE)
})

it.each([
  ['/hops/5', 'more than 5 redirects'],
  ['/inside', '10.1.2.3 is an address of a private network, which is not asked'],
  ['/file', 'redirects to an address that is refused'],
  ['/with-password', 'redirects to an address that is refused'],
  ['/nothing', 'the server answered with status 404'],
  ['/cut', 'the connection failed'],
])('refuses %s: %s', async (path, message) => {
  await expect(get(path)).rejects.toMatchObject({ code: 'image_fetch', message: expect.stringContaining(message) })
})

it('stops at what is larger than an image may be', async () => {
  await expect(get('/too-large')).rejects.toMatchObject({ code: 'image_too_large' })
})

it('asks no address of this machine unless that was allowed, and connects to nothing to find out', async () => {
  asked.length = 0
  await expect(fetchImage(`${home}/picture`)).rejects.toMatchObject({ code: 'image_fetch' })
  expect(asked).toEqual([])
})

it('gives the reason of an abort back', async () => {
  const controller = new AbortController()
  const waiting = get('/never', controller.signal)
  setTimeout(() => controller.abort(new Error('gone')), 50)
  await expect(waiting).rejects.toThrow('gone')
})
