import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { type Endpoint, write } from '../../src/text/endpoint.ts'

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void

/** A real server on this machine. */
async function serve(handler: Handler): Promise<Endpoint> {
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => handler(request, response, body))
  })
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server!.address() as AddressInfo).port}/v1/`, model: 'm', key: 'secret' }
}

const says = (content: unknown) =>
  JSON.stringify({ choices: [{ message: { content } }], usage: { completion_tokens: 3 } })

const refusal = async (endpoint: Endpoint, options = {}) => write(endpoint, 'hello', options).catch((error) => error)

it('asks in the form of chat completions, with its key and limits', async () => {
  let seen: { url?: string; key?: string; body?: unknown } = {}
  const endpoint = await serve(({ url, headers }, response, body) => {
    seen = { url, key: headers.authorization, body: JSON.parse(body) }
    response.end(says('hi'))
  })
  expect(await write(endpoint, 'hello', { maxTokens: 9, temperature: 0 })).toEqual({ text: 'hi', tokens: 3 })
  expect(seen).toEqual({
    url: '/v1/chat/completions',
    key: 'Bearer secret',
    body: { model: 'm', messages: [{ role: 'user', content: 'hello' }], max_tokens: 9, temperature: 0 },
  })
})

it.each(['', '<html>', '{}', '{"choices":[]}', says(5), says(null), '[]', '{"choices":[{"message":"x"}]}'])(
  'refuses %j as an answer',
  async (answer) => {
    const endpoint = await serve((_, response) => response.end(answer))
    expect(await refusal(endpoint)).toMatchObject({ code: 'llm_answer', kind: 'input' })
  },
)

it('names status, size, time and an address where nothing is, and never the key', async () => {
  const refused = await refusal(await serve((_, response) => response.writeHead(401).end('who are you, secret?')))
  expect(refused).toMatchObject({ code: 'llm_refused' })
  expect(refused.message).toContain('401')
  server!.close()
  const large = await serve((_, response) => response.end(says('x'.repeat(5000))))
  expect(await refusal({ ...large, maxBytes: 1000 })).toMatchObject({ code: 'llm_too_large' })
  server!.close()
  const slow = await serve(() => {})
  expect(await refusal({ ...slow, timeout: 50 })).toMatchObject({ code: 'llm_slow', kind: 'resource' })
  server!.closeAllConnections()
  const gone = { ...slow, url: 'http://127.0.0.1:1/v1' }
  expect(await refusal(gone)).toMatchObject({ code: 'llm_unreachable', kind: 'resource' })
  for (const error of [refused]) expect(error.message).not.toContain('secret')
})

it('follows no redirect, and stops when told to', async () => {
  const away = await serve((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end())
  expect(await refusal(away)).toMatchObject({ code: 'llm_unreachable' })
  server!.close()
  const slow = await serve(() => {})
  const abort = new AbortController()
  const waiting = refusal(slow, { signal: abort.signal })
  abort.abort(new Error('enough'))
  expect((await waiting).message).toBe('enough')
})

it.each(['', 'localhost:80', 'file:///etc/hosts', 'http://user:pass@host/'])('refuses the address %j', async (url) => {
  const refused = await refusal({ url })
  expect(refused).toMatchObject({ code: 'llm_url', kind: 'usage' })
  expect(refused.message).not.toContain('pass')
})
