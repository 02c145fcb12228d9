import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { endpointWriter, recorded } from '../../../src/papers/reports/writer.ts'

it('records what an endpoint wrote, and replays it once the endpoint is gone', async () => {
  let asked = 0
  const server = createServer((request, response) => {
    request.resume()
    response.end(JSON.stringify({ choices: [{ message: { content: `answer ${++asked}` } }] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const notes = new Map<string, unknown>()
  const remember = async <T>(key: string, make: () => Promise<T>): Promise<T> => {
    if (!notes.has(key)) notes.set(key, await make())
    return notes.get(key) as T
  }
  const writer = recorded(endpointWriter({ url, key: 'secret' }), remember)
  expect((await writer.write('a')).text).toBe('answer 1')
  expect((await writer.write('b')).text).toBe('answer 2')
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  expect((await writer.write('a')).text).toBe('answer 1')
  await expect(writer.write('a', { maxTokens: 3 })).rejects.toMatchObject({ code: 'llm_unreachable' })
  expect(JSON.stringify([...notes])).not.toContain('secret')
})
