import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { errorOf, serving } from '../serving.ts'

const data = mkdtempSync(join(tmpdir(), 'fovea-data-'))
const site = serving({ data })
afterAll(() => rmSync(data, { recursive: true, force: true }))
const kept = () => readdirSync(join(data, 'files')).filter((name) => name !== 'records')

const form = (...entries: [string, string | Blob, string?][]) => {
  const body = new FormData()
  for (const [name, value, filename] of entries)
    if (typeof value === 'string') body.append(name, value)
    else body.append(name, value, filename)
  return body
}
const send = (body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(`${site.server.url}/v1/files`, { method: 'POST', body, headers })
const file = new Blob(['{}'])

describe('uploads', () => {
  it('are taken with their parts in any order, and other parts left aside', async () => {
    for (const body of [
      form(['purpose', 'batch'], ['file', file, 'a.jsonl']),
      form(['file', file, 'a.jsonl'], ['note', 'x'], ['purpose', 'batch']),
    ])
      expect(await (await send(body)).json()).toMatchObject({ object: 'file', bytes: 2, filename: 'a.jsonl' })
  })

  it('have names that are words and never paths', async () => {
    for (const name of ['../../../etc/passwd', '/etc/passwd', 'C:\\x', 'a\u0000b', 'x'.repeat(3000), '..', '']) {
      const reply = await send(form(['purpose', 'batch'], ['file', file, name]))
      expect([200, 400]).toContain(reply.status)
    }
    for (const name of kept()) expect(name).toMatch(/^file-[0-9a-f]{32}$/)
  })

  it('that are no such form are refused, and leave nothing', async () => {
    const before = kept()
    const refused = async (body: BodyInit, headers?: Record<string, string>) => errorOf(await send(body, headers))
    expect(await refused(form(['purpose', 'batch']))).toMatchObject({ status: 400, code: 'file_missing' })
    expect(await refused(form(['file', file, 'a']))).toMatchObject({ status: 400, param: 'purpose' })
    const expiring = form(['purpose', 'batch'], ['file', file, 'a'], ['expires_after[seconds]', '3600'])
    expect(await refused(expiring)).toMatchObject({ status: 400, param: 'expires_after' })
    expect(await refused(form(['file', file, 'a'], ['purpose', 'vision']))).toMatchObject({
      status: 400,
      param: 'purpose',
    })
    expect(await refused(form(['other', file, 'a'], ['purpose', 'batch']))).toMatchObject({
      status: 400,
      param: 'file',
    })
    expect(await refused(form(['file', file, 'a'], ['file', file, 'b'], ['purpose', 'batch']))).toMatchObject({
      status: 400,
    })
    expect(await refused('{}', { 'content-type': 'application/json' })).toMatchObject({ status: 415 })
    expect(await refused('x', { 'content-type': 'multipart/form-data' })).toMatchObject({ code: 'invalid_multipart' })
    const boundary = { 'content-type': 'multipart/form-data; boundary=b' }
    for (const body of [
      '',
      'x',
      '--b--\r\n',
      '--b\r\n',
      '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nabc',
    ])
      expect([body, (await refused(body, boundary)).status]).toEqual([body, 400])
    const many = form(
      ['purpose', 'batch'],
      ...Array.from({ length: 500 }, (_, at): [string, string] => [`f${at}`, 'x']),
    )
    expect((await refused(many)).status).toBe(400)
    expect(kept()).toEqual(before)
    expect(await site.isAlive()).toBe(true)
  })

  it('that are too large are cut off with flat memory, and leave nothing', async () => {
    const before = kept()
    const memory = process.memoryUsage().rss
    const chunk = Buffer.alloc(1 << 20, 'x')
    const said = await new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(site.server.url).port), '127.0.0.1')
      let text = ''
      socket.on('data', (part) => (text += part)).on('error', () => {})
      socket.on('close', () => resolve(text))
      socket.write(
        'POST /v1/files HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=b\r\ntransfer-encoding: chunked\r\n\r\n',
      )
      const head = '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
      socket.write(`${head.length.toString(16)}\r\n${head}\r\n`)
      const more = () => {
        while (
          !socket.destroyed &&
          socket.write(Buffer.concat([Buffer.from('100000\r\n'), chunk, Buffer.from('\r\n')]))
        );
        if (!socket.destroyed) socket.once('drain', more)
      }
      more()
    })
    expect(said === '' || said.startsWith('HTTP/1.1 413 ')).toBe(true)
    expect(process.memoryUsage().rss - memory).toBeLessThan(400 * 2 ** 20)
    expect(kept()).toEqual(before)
    expect(await site.isAlive()).toBe(true)
  })

  it('that are broken off leave nothing', async () => {
    const before = kept()
    const socket = connect(Number(new URL(site.server.url).port), '127.0.0.1')
    socket.write(
      'POST /v1/files HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 1000000\r\n\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nabc',
    )
    await new Promise((go) => setTimeout(go, 300))
    socket.destroy()
    await expect.poll(kept, { timeout: 5000 }).toEqual(before)
  })
})

describe('ids', () => {
  it('that are none are found nowhere, whatever they spell', async () => {
    for (const id of ['..%2F..%2Fetc%2Fpasswd', '%2e%2e%2frecords', 'records', '__proto__', 'constructor', '%00', '..'])
      for (const path of [`/v1/files/${id}`, `/v1/files/${id}/content`, `/v1/batches/${id}`])
        expect([path, (await site.get(path)).status]).toEqual([path, 404])
    const deleted = await site.get('/v1/files/..%2Frecords', { method: 'DELETE' })
    expect([deleted.status, existsSync(join(data, 'files', 'records'))]).toEqual([404, true])
  })
})
