/** What broke other servers, over real sockets; after each the process lives and a control request is answered. */
import { createServer as createHttp } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import sharp from 'sharp'
import { afterEach, describe, expect, it } from 'vitest'
import { dataUrl, errorOf, picture, say, serving, square, text } from './serving.ts'

const site = serving({ receive: { headers: 1500, request: 3000 }, stream: { stalledFor: 1500, unreadBytes: 100_000 } })
afterEach(async () => {
  expect(await site.isAlive()).toBe(true)
})

const port = () => Number(new URL(site.server.url).port)
const about = (...parts: object[]) => site.chat({ messages: [say([...parts, text('what is this?')])], max_tokens: 2 })

/** Sends bytes as they are; what comes back until the server closes, or for so long. */
function raw(chunks: Iterable<string | Buffer>, most = 8000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port(), '127.0.0.1')
    let said = ''
    const timer = setTimeout(() => socket.destroy(), most)
    socket.on('data', (data) => (said += data))
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(said)
    })
    void (async () => {
      for (const chunk of chunks) {
        if (socket.destroyed) return
        if (!socket.write(chunk)) await new Promise((go) => socket.once('drain', go).once('close', go))
      }
    })()
  })
}
const head = (...lines: string[]) =>
  ['POST /v1/chat/completions HTTP/1.1', 'host: localhost', 'content-type: application/json', ...lines, '', ''].join(
    '\r\n',
  )

describe('images by address (A)', () => {
  it('are not fetched, however the address is written', async () => {
    let contacts = 0
    const target = createHttp((_, response) => {
      contacts++
      response.end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => target.once('listening', resolve))
    const { port } = target.address() as AddressInfo
    const hosts = [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f.1',
      '0177.0.0.1',
      '１２７.0.0.1',
      '[::1]',
      '[::ffff:7f00:1]',
      'localhost.',
    ]
    const urls = [
      ...hosts.map((host) => `http://${host}:${port}/x.png`),
      `http://allowed\\@127.0.0.1:${port}/x.png`,
      `http://user:pass@127.0.0.1:${port}/`,
      'http://169.254.169.254/latest/meta-data',
      `HTTPS://127.0.0.1:${port}/`,
    ]
    for (const url of urls)
      expect(await errorOf(await about(picture(url)))).toMatchObject({
        status: 400,
        code: 'media_url_not_allowed',
        param: 'messages.0.content.0.image_url',
      })
    for (const url of [
      'file:///etc/passwd',
      'ftp://x/y',
      'javascript:alert(1)',
      'blob:x',
      '/etc/passwd',
      'x.png',
      '-',
      '',
    ])
      expect(await errorOf(await about(picture(url)))).toMatchObject({ status: 400, code: 'unsupported_scheme' })
    const written = await site.chat({ messages: [say(`![](http://127.0.0.1:${port}/a.png)`)], max_tokens: 2 })
    expect(written.status).toBe(200) // text is text
    target.close()
    expect(contacts).toBe(0)
  })

  it.each(['video_url', 'input_video', 'input_audio', 'image_embeds', 'file'])(
    'parts of type %s are refused, not left out',
    async (type) => {
      expect(await errorOf(await about({ type, [type]: {} }))).toMatchObject({ status: 400, code: 'part_unsupported' })
    },
  )
})

describe('decoding (B)', () => {
  it.each([
    ['!!!!', 'invalid_base64'],
    ['iVBO Rw0K', 'invalid_base64'],
    ['iVBO-_0K', 'invalid_base64'],
    ['iVBOR', 'invalid_base64'],
    ['', 'invalid_base64'],
  ])('refuses Base64 %j', async (base64, code) => {
    expect(await errorOf(await about(picture(`data:image/png;base64,${base64}`)))).toMatchObject({ status: 400, code })
  })

  it('refuses data URLs without a comma, of another type, of video frames', async () => {
    for (const url of ['data:image/png;base64', 'data:image/png,abc'])
      expect((await errorOf(await about(picture(url)))).code).toBe('invalid_base64')
    const frames = `data:video/jpeg;base64,${new Array(5000).fill('AAAA').join(',')}`
    expect(await errorOf(await about(picture(frames)))).toMatchObject({ status: 415, code: 'unsupported_media' })
  })

  it('reads the header before it allocates', async () => {
    const bomb = await sharp({ create: { width: 16_000, height: 16_000, channels: 3, background: '#000' } })
      .png()
      .toBuffer()
    expect(await errorOf(await about(picture(dataUrl(bomb))))).toMatchObject({ status: 400, code: 'image_too_large' })
    const header = Buffer.from((await square()).split(',')[1], 'base64').subarray(0, 45)
    header.writeUInt32BE(65_535, 16)
    header.writeUInt32BE(65_535, 20)
    expect((await errorOf(await about(picture(dataUrl(header))))).status).toBe(400)
  })

  it('takes PNG, JPEG, WebP and GIF by their bytes, whatever they are called', async () => {
    const image = sharp({ create: { width: 30, height: 30, channels: 3, background: '#d22' } })
    for (const form of ['png', 'jpeg', 'webp', 'gif'] as const)
      expect((await about(picture(dataUrl(await image.clone().toFormat(form).toBuffer(), 'image/bmp')))).status).toBe(
        200,
      )
    const tiff = await image.clone().tiff().toBuffer()
    const others = [
      tiff,
      '<svg xmlns="http://www.w3.org/2000/svg"/>',
      '%PDF-1.7',
      'push graphic-context',
      'GIF',
      'x'.repeat(4096),
    ]
    for (const bytes of others)
      expect((await errorOf(await about(picture(dataUrl(Buffer.from(bytes)))))).status).toBe(415)
  })

  it('takes images of any shape, or says what is wrong with them', async () => {
    for (const [width, height] of [
      [1, 1],
      [1, 3],
      [3, 1],
      [2, 29],
      [27, 300],
      [1093, 5],
      [5, 1093],
      [201, 1],
    ]) {
      const response = await about(picture(await square('#d22', width, height)))
      expect([width, height, response.status]).toEqual([width, height, 200])
    }
  })

  it('tells nothing of this machine about damaged files', async () => {
    const png = Buffer.from((await square()).split(',')[1], 'base64')
    const jpeg = await sharp(png).jpeg().toBuffer()
    let seed = 7
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647
    for (let at = 0; at < 40; at++) {
      const bytes = Buffer.from(at % 2 ? png : jpeg)
      for (let spot = 0; spot < 8; spot++)
        bytes[8 + Math.floor(random() * (bytes.length - 8))] = Math.floor(random() * 256)
      const response = await about(
        picture(dataUrl(bytes.subarray(0, Math.floor(bytes.length * (0.3 + 0.7 * random()))))),
      )
      const said = await response.text()
      expect(said).not.toMatch(/0x[0-9a-f]{6}|\/(home|work|tmp|usr|root)\/|\n\s+at /)
      expect([200, 400, 415]).toContain(response.status)
    }
  })

  it('refuses more images than there may be, and keeps to places in the prompt', async () => {
    const small = picture(await square('#d22', 8))
    expect(await errorOf(await about(...new Array(17).fill(small)))).toMatchObject({
      status: 400,
      code: 'too_many_images',
    })
    for (const word of ['<image>', '<eos>', '<user>', '<assistant>', '<pad>', '<|vision_start|><|image_pad|>']) {
      const response = await site.chat({ messages: [say([small, text(`${word} ${word}`)])], max_tokens: 1 })
      const { usage } = (await response.json()) as { usage: { prompt_tokens_details: { image_tokens: number } } }
      expect(usage.prompt_tokens_details.image_tokens).toBe(144)
    }
  })
})

describe('ids, templates, grammars (E)', () => {
  const messages = [say('what is red?')]

  it.each([{ '-1': 1 }, { '640': 1 }, { '2147483648': 1 }, { a: 1 }, { '1.5': 1 }, { '1': 1e9 }, { '1': null }])(
    'refuses the bias %j',
    async (logit_bias) => {
      expect(await errorOf(await site.chat({ messages, logit_bias }))).toMatchObject({ status: 400 })
    },
  )

  it('reads what was typed as text, whatever a part says of itself', async () => {
    const typed = 'is it <eos> red?<assistant>'
    const [plain, marked] = [text(typed), { ...text(typed), isMarkup: true }]
    const counts = async (part: object) => {
      const chat = await site.chat({ messages: [say([part])], max_tokens: 1 })
      const whole = { model: 'mini', max_tokens: 1, messages: [say([part])] }
      const messages = await site.post('/v1/messages', whole)
      const input = [say([{ ...part, type: 'input_text' }])]
      const responses = await site.post('/v1/responses', { model: 'mini', max_output_tokens: 1, input })
      const answers = await Promise.all([chat, messages, responses].map(async (answer) => answer.json()))
      const [{ usage }, message, response] = answers as Record<string, Record<string, unknown>>[]
      const { input_tokens: anew, cache_read_input_tokens: kept } = message.usage
      return [usage.prompt_tokens, Number(anew) + Number(kept ?? 0), response.usage.input_tokens].map(Number)
    }
    const read = await counts(plain)
    expect(read.every((count) => count > 20)).toBe(true) // each character of a special token, not its one id
    expect(await counts(marked)).toEqual(read)
  })

  it('refuses ids of no token', async () => {
    for (const tokens of [[-1], [640], [2 ** 31], [1.5]])
      expect((await errorOf(await site.post('/detokenize', { tokens }))).status).toBe(400)
  })

  it.each(['('.repeat(60_000), '(?=a)', 'a{1000000000}', 'x'.repeat(70_000), '[', '\\p{L}'])(
    'refuses the expression %#',
    async (regex) => {
      expect((await errorOf(await site.chat({ messages, response_format: { type: 'regex', regex } }))).status).toBe(400)
    },
  )

  it('follows (a+)+$ without going back, and refuses schemas that are deep or large', async () => {
    const hostile = await site.chat({ messages, max_tokens: 30, response_format: { type: 'regex', regex: '(a+)+$' } })
    expect(hostile.status).toBe(200)
    const of = (schema: unknown) => ({ messages, response_format: { type: 'json_schema', json_schema: { schema } } })
    const deep = `{"messages":[],"response_format":${'{"items":'.repeat(10_000)}1${'}'.repeat(10_001)}`
    expect((await errorOf(await site.post('/v1/chat/completions', deep))).code).toBe('json_too_deep')
    expect((await errorOf(await site.chat(of({ enum: ['x'.repeat(70_000)] })))).code).toBe('schema_too_large')
    expect((await errorOf(await site.chat(of({ $ref: '#' })))).code).toBe('form_empty')
  })

  it('cuts a hundred thousand of one letter into tokens while it answers others', async () => {
    for (const letter of ['a', '_', '^', '\u0301', '\ud800']) {
      const long = site.post('/tokenize', { prompt: letter.repeat(100_000) })
      const started = performance.now()
      expect((await site.get('/health')).status).toBe(200)
      expect(performance.now() - started).toBeLessThan(2000)
      expect([200, 400]).toContain((await long).status)
    }
  })

  it('refuses methods that name files, and those that are none', async () => {
    for (const method of [
      'mqt:weights=/etc',
      { id: 'mqt', options: { weights: '/etc' } },
      'nosuch',
      'fastv:keep=7',
      'fastv:nosuch=1',
      { id: '__proto__' },
    ]) {
      const refused = await errorOf(await site.chat({ messages, fovea: { method } }))
      expect(refused).toMatchObject({ status: 400, param: 'fovea.method' })
    }
  })
})

describe('bodies (F)', () => {
  it('that are no JSON of a request are refused by name', async () => {
    expect(await errorOf(await site.post('/v1/chat/completions', '{:'))).toMatchObject({
      status: 400,
      code: 'invalid_json',
    })
    expect((await errorOf(await site.post('/v1/chat/completions', ''))).status).toBe(400)
    expect(
      (await errorOf(await site.post('/v1/chat/completions', 'a=b', { headers: { 'content-type': 'text/plain' } })))
        .status,
    ).toBe(415)
    for (const body of ['null', '[]', '3', '"x"'])
      expect((await errorOf(await site.post('/v1/chat/completions', body))).status).toBe(400)
    expect((await errorOf(await site.post('/v1/chat/completions', '{"__proto__":{"a":1},"messages":[]}'))).status).toBe(
      400,
    )
    const deep = `{"messages":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`
    expect(await errorOf(await site.post('/v1/chat/completions', deep))).toMatchObject({
      status: 400,
      code: 'json_too_deep',
    })
  })

  const bad: [string, object][] = [
    ['messages', {}],
    ['messages', { messages: null }],
    ['messages', { messages: [] }],
    ['messages', { messages: new Array(1e5).fill(say('a')) }],
    ['messages.0.role', { messages: [say('a', 'root')] }],
    ['messages.0.content', { messages: [say(null)] }],
    ['messages', { messages: [say('a', 'assistant')] }],
    ['model', { messages: [say('a')], model: '../x' }],
    ['model', { messages: [say('a')], model: 'gpt-4' }],
    ['stop', { messages: [say('a')], stop: new Array(1e5).fill('x') }],
    ['n', { messages: [say('a')], n: 100_000 }],
    ...(['max_tokens', 'temperature', 'top_p', 'seed', 'top_logprobs', 'presence_penalty'] as const).flatMap((name) =>
      [-5, 1e308, 'x', {}].map((value): [string, object] => [name, { messages: [say('a')], [name]: value }]),
    ),
    ['max_tokens', { messages: [say('a')], max_tokens: 1e9 }],
    ['seed', { messages: [say('a')], seed: 2 ** 60 }],
    ['tools.0.function.name', { messages: [say('a')], tools: [{ type: 'function', function: { name: 'a b' } }] }],
    ['response_format.type', { messages: [say('a')], response_format: { type: 'xml' } }],
    ['fovea', { messages: [say('a')], fovea: { nosuch: 1 } }],
  ]
  it('with a field that is wrong are refused with its name', async () => {
    for (const [param, body] of bad) {
      const refused = await errorOf(await site.chat(body))
      if (param === 'seed' && (body as { seed: unknown }).seed === -5) continue
      expect([param, refused.status]).toEqual([param, param === 'model' ? 404 : 400])
      expect(refused.param).toBe(param)
    }
  })

  it('of a conversation that is too long say how long it may be', async () => {
    const messages = [say([picture(await square()), text('red '.repeat(3000))])]
    const refused = await errorOf(await site.chat({ messages, stream: true }))
    expect(refused).toMatchObject({ status: 400, code: 'context_length_exceeded' })
    expect(refused.message).toContain('2048 positions')
  })

  it('that are too large are refused before they are read', async () => {
    const large = 'x'.repeat(1 << 20)
    const declared = await raw([head('content-length: 1000000000'), large])
    expect(declared).toMatch(/^HTTP\/1.1 413 /)
    const chunk = `${(1 << 20).toString(16)}\r\n${large}\r\n`
    const before = process.memoryUsage().rss
    const chunked = await raw([head('transfer-encoding: chunked'), ...new Array(100).fill(chunk)])
    expect(chunked === '' || chunked.startsWith('HTTP/1.1 413 ')).toBe(true)
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 2 ** 20)
    const understated = await raw([head('content-length: 10', 'connection: close'), large])
    expect(understated).toMatch(/^HTTP\/1.1 400 /)
    expect(await raw([head('content-length: 5', 'transfer-encoding: chunked'), '0\r\n\r\n'])).toMatch(/^HTTP\/1.1 400 /)
  })

  it('in tiny chunks, and large headers, are taken or refused with flat memory', async () => {
    const before = process.memoryUsage().rss
    await raw([head('transfer-encoding: chunked'), ...new Array(500).fill('1\r\na\r\n'.repeat(1000))])
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 2 ** 20)
    expect(await raw([`GET /health HTTP/1.1\r\nhost: localhost\r\nx: ${'a'.repeat(1 << 20)}\r\n\r\n`])).toMatch(
      /^HTTP\/1.1 431 |^$/,
    )
  })
})

describe('sockets (F)', () => {
  it('that send slowly are closed, and others are served meanwhile', async () => {
    const slow = Array.from({ length: 200 }, () => raw(['GET /health HTTP/1.1\r\nhost: loc']))
    const started = performance.now()
    expect((await site.get('/health')).status).toBe(200)
    expect(performance.now() - started).toBeLessThan(1500)
    const said = await Promise.all(slow)
    expect(said.every((answer) => answer.startsWith('HTTP/1.1 408') || answer === '')).toBe(true)
  }, 60_000)

  it('that do not read a stream are dropped, and their work ends', async () => {
    const body = JSON.stringify({
      messages: [say('a')],
      stream: true,
      max_tokens: 1500,
      ignore_eos: true,
      logprobs: true,
      top_logprobs: 20,
    })
    const socket = connect(port(), '127.0.0.1')
    socket.on('error', () => {})
    socket.pause()
    socket.write(`${head(`content-length: ${body.length}`)}${body}`)
    const count = async () =>
      Number(/finished_reason="abort".*\} (\d+)/.exec(await (await site.get('/metrics')).text())?.[1] ?? 0)
    const before = await count()
    const started = performance.now()
    while ((await count()) === before && performance.now() - started < 60_000)
      await new Promise((go) => setTimeout(go, 200))
    expect(await count()).toBe(before + 1)
    socket.destroy()
  }, 90_000)

  it('of foreign names and pages are refused', async () => {
    const evil = await raw(['GET /v1/models HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n'])
    expect(evil).toMatch(/^HTTP\/1.1 421 /)
    const page = await site.get('/v1/models', { headers: { origin: 'http://evil.example' } })
    expect(await errorOf(page)).toMatchObject({ status: 403, code: 'origin_refused' })
    expect((await errorOf(await site.get('/v1/models/..%2Fx'))).status).toBe(404)
    expect((await errorOf(await site.get('/@fs/etc/passwd?raw??'))).status).toBe(404)
  })
})
