import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterAll, describe, expect, it } from 'vitest'
import { errorOf, say, serving } from '../serving.ts'
import { clientOf, jsonl, linesOf, question, start, until, upload } from './asking.ts'

const key = 'a key of the tests'
const data = mkdtempSync(join(tmpdir(), 'fovea-data-'))
const site = serving({ key, data, embedder: 'tests/fixtures/embeddings/clip' })
afterAll(() => rmSync(data, { recursive: true, force: true }))
const client = () => clientOf(site.server.url, key)
const authorization = { authorization: `Bearer ${key}` }

describe('files', () => {
  it('are kept, listed, read and deleted by the openai client', async () => {
    const text = jsonl([question('a')])
    const made = await upload(client(), text)
    expect(made).toMatchObject({ object: 'file', filename: 'questions.jsonl', purpose: 'batch', bytes: text.length })
    expect(await client().files.retrieve(made.id)).toEqual(made)
    expect(await (await client().files.content(made.id)).text()).toBe(text)
    const other = await upload(client(), 'x')
    const listed = []
    for await (const { id } of client().files.list({ limit: 1, purpose: 'batch' })) listed.push(id)
    expect(listed).toEqual([other.id, made.id])
    expect((await client().files.list({ order: 'asc' })).data.map(({ id }) => id)).toEqual([made.id, other.id])
    expect((await client().files.list({ purpose: 'batch_output' })).data).toEqual([])
    for (const { id } of [made, other])
      expect(await client().files.delete(id)).toEqual({ id, object: 'file', deleted: true })
    await expect(client().files.retrieve(made.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError)
    expect(readdirSync(join(data, 'files'))).toEqual(['records'])
  })

  it('are nobody’s who lacks the key', async () => {
    const { id } = await upload(client(), 'x')
    const stranger = clientOf(site.server.url, 'wrong')
    await expect(stranger.files.retrieve(id)).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
    await expect(upload(stranger, 'x')).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
    await client().files.delete(id)
  })
})

describe('a batch', () => {
  it('is answered as the endpoint answers, in the order of its input, errors in a file of their own', async () => {
    const lines = [
      question('a', 4),
      question('wrong', 4, { messages: [] }),
      question('b', 1),
      question('other', 1, { model: 'gpt-4' }),
    ]
    const made = await start(client(), jsonl(lines), { metadata: { night: '1' } })
    expect(made).toMatchObject({ object: 'batch', status: 'validating', metadata: { night: '1' }, model: 'mini' })
    const batch = await until(client(), made.id)
    expect(batch).toMatchObject({
      status: 'completed',
      request_counts: { total: 4, completed: 2, failed: 2 },
      errors: null,
    })
    const [output, errors] = await Promise.all(
      [batch.output_file_id, batch.error_file_id].map((id) => linesOf(client(), id)),
    )
    expect(output.map(({ custom_id, response }) => [custom_id, response!.body.usage!.completion_tokens])).toEqual([
      ['a', 4],
      ['b', 1],
    ])
    const asked = await client().chat.completions.create({ model: 'mini', ...lines[0].body } as never)
    expect(output[0].response!.body.choices).toEqual((asked as OpenAI.ChatCompletion).choices)
    expect(
      errors.map(({ custom_id, response }) => [custom_id, response!.status_code, response!.body.error!.code]),
    ).toEqual([
      ['wrong', 400, 'invalid_request'],
      ['other', 404, 'model_not_found'],
    ])
    expect((await client().files.retrieve(batch.output_file_id!)).purpose).toBe('batch_output')
    expect(readdirSync(join(data, 'batches'))).toEqual(['records'])
  })

  it('that asks for files which go by themselves is refused', async () => {
    const asked = { output_expires_after: { anchor: 'created_at' as const, seconds: 3600 } }
    await expect(start(client(), jsonl([question('a')]), asked)).rejects.toMatchObject({
      status: 400,
      param: 'output_expires_after',
      message: expect.stringContaining('files are kept until they are removed'),
    })
  })

  it('of responses or embeddings is answered, too', async () => {
    const of = (url: '/v1/responses' | '/v1/embeddings', body: object) =>
      start(client(), jsonl([{ custom_id: 'a', method: 'POST', url, body }]), { endpoint: url })
    const made = [
      await of('/v1/responses', { input: 'what is red?', max_output_tokens: 2 }),
      await of('/v1/embeddings', { input: 'red' }),
    ]
    const over = await Promise.all(made.map(({ id }) => until(client(), id)))
    const [[response], [embedding]] = await Promise.all(over.map(({ output_file_id: id }) => linesOf(client(), id)))
    expect(response.response!.body).toMatchObject({ object: 'response' })
    expect(embedding.response!.body).toMatchObject({ object: 'list', data: [{ object: 'embedding', index: 0 }] })
  })

  it('lets those go first who wait for an answer', async () => {
    const { id } = await start(client(), jsonl(Array.from({ length: 200 }, (_, at) => question(`${at}`, 20))))
    await until(client(), id, ({ request_counts }) => request_counts!.completed > 0)
    const before = (await client().batches.retrieve(id)).request_counts!.completed
    const asked = Array.from({ length: 10 }, () =>
      site.post('/v1/chat/completions', { messages: [say('what is red?')], max_tokens: 1 }, { headers: authorization }),
    )
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(Array(10).fill(200))
    const after = (await client().batches.retrieve(id)).request_counts!.completed
    expect(after - before).toBeLessThanOrEqual(3) // the one under way, and what came after the ten
    await client().batches.cancel(id)
    await until(client(), id)
  })

  it('that is cancelled keeps what was answered, and says so of the rest', async () => {
    const { id } = await start(client(), jsonl(Array.from({ length: 300 }, (_, at) => question(`${at}`, 20))))
    const input = (await until(client(), id, ({ request_counts }) => request_counts!.completed > 2)).input_file_id
    expect(
      await errorOf(await site.get(`/v1/files/${input}`, { method: 'DELETE', headers: authorization })),
    ).toMatchObject({
      status: 409,
      code: 'file_in_use',
    })
    expect((await client().batches.cancel(id)).status).toMatch(/cancelling|cancelled/)
    const batch = await until(client(), id)
    expect(batch.status).toBe('cancelled')
    const [output, rest] = await Promise.all(
      [batch.output_file_id, batch.error_file_id].map((file) => linesOf(client(), file)),
    )
    expect(output.length).toBe(batch.request_counts!.completed)
    expect(output.length + rest.length).toBe(300)
    expect(rest[0]).toMatchObject({ response: null, error: { code: 'batch_cancelled' } })
    await expect(client().batches.cancel(id)).rejects.toMatchObject({ status: 409, code: 'batch_over' })
    expect((await client().files.delete(input)).deleted).toBe(true)
  })

  it('is over when its window is', async () => {
    const lines = jsonl(Array.from({ length: 300 }, (_, at) => question(`${at}`, 20)))
    const { id } = await start(client(), lines, { completion_window: '2s' as never })
    const batch = await until(client(), id)
    expect(batch).toMatchObject({ status: 'expired', expires_at: batch.created_at + 2 })
    const rest = await linesOf(client(), batch.error_file_id)
    expect(rest.at(-1)!.error!.code).toBe('batch_expired')
    expect(rest.length + batch.request_counts!.completed).toBe(300)
  })

  it('is found among the others, page by page', async () => {
    const all = (await client().batches.list({ limit: 100 })).data.map(({ id }) => id)
    const paged = []
    for await (const { id } of client().batches.list({ limit: 2 })) paged.push(id)
    expect(paged).toEqual(all)
    expect(all.length).toBeGreaterThan(3)
    await expect(client().batches.retrieve('batch_none')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
    expect((await site.get('/v1/batches?limit=0', { headers: authorization })).status).toBe(400)
    expect((await site.get('/v1/batches?after=none', { headers: authorization })).status).toBe(400)
  })

  it('of an input that is wrong fails, and says where', async () => {
    const ok = JSON.stringify(question('a'))
    const wrong: [string, number | null, string, string | null][] = [
      [`${ok}\n{"custom_id":\n`, 2, 'invalid_json_line', null],
      [`${ok}\n\n${ok}\n`, 3, 'duplicate_custom_id', 'custom_id'],
      [jsonl([{ ...question('a'), url: '/v1/embeddings' }]), 1, 'invalid_url', 'url'],
      [jsonl([{ ...question('a'), method: 'GET' }]), 1, 'invalid_method', 'method'],
      [jsonl([{ ...question('a'), body: 'x' }]), 1, 'invalid_body', 'body'],
      [jsonl([question('a', 1, { stream: true })]), 1, 'invalid_body', 'body.stream'],
      [jsonl([{ ...question('a'), custom_id: undefined }]), 1, 'invalid_custom_id', 'custom_id'],
      ['[]\n', 1, 'invalid_json_line', null],
      ['\n'.repeat(100_000), null, 'empty_file', null],
      [' \r\n\t', null, 'empty_file', null],
      ['', null, 'empty_file', null],
      [`{"custom_id":"a","body":${'['.repeat(100)}${']'.repeat(100)}}`, 1, 'json_too_deep', null],
      ['{"custom_id":"a","__proto__":{}}', 1, 'invalid_json_line', null],
    ]
    for (const [text, line, code, param] of wrong) {
      const { status, errors, failed_at } = await until(client(), (await start(client(), text)).id)
      expect([text.slice(0, 60), status, errors!.data![0]]).toEqual([
        text.slice(0, 60),
        'failed',
        expect.objectContaining({ code, line, param }),
      ])
      expect(failed_at).toBeGreaterThan(0)
    }
    const many = await until(client(), (await start(client(), 'x\n'.repeat(100_000))).id)
    expect(many.errors!.data!.length).toBe(100)
  })

  it('takes a byte order mark, CRLF, blank lines and no newline at the end', async () => {
    const text = `\ufeff${JSON.stringify(question('é'))}\r\n\r\n   \n${JSON.stringify(question('b'))}`
    const batch = await until(client(), (await start(client(), text)).id)
    expect((await linesOf(client(), batch.output_file_id)).map(({ custom_id }) => custom_id)).toEqual(['é', 'b'])
  })

  it('goes with nothing but a file for batches, an endpoint and a window', async () => {
    const { id } = await upload(client(), jsonl([question('a')]))
    const good = { input_file_id: id, endpoint: '/v1/chat/completions', completion_window: '24h' }
    const bad: [string, number, object][] = [
      ['input_file_id', 404, { ...good, input_file_id: '../../etc/passwd' }],
      ['input_file_id', 404, { ...good, input_file_id: '__proto__' }],
      ['endpoint', 400, { ...good, endpoint: '/v1/messages' }],
      ['completion_window', 400, { ...good, completion_window: '900d' }],
      ['completion_window', 400, { ...good, completion_window: 'soon' }],
      ['metadata.a', 400, { ...good, metadata: { a: 1 } }],
    ]
    for (const [param, status, body] of bad)
      expect(await errorOf(await site.post('/v1/batches', body, { headers: authorization }))).toMatchObject({
        status,
        param,
      })
  })
})
