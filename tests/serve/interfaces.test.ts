import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import Anthropic from '@anthropic-ai/sdk'
import { generateText, streamText } from 'ai'
import OpenAI from 'openai'
import { beforeAll, describe, expect, it } from 'vitest'
import type { LogEntry } from '../../src/serve/http/app.ts'
import { errorOf, eventsOf, say, serving, square } from './serving.ts'

const key = 'a key of the tests'
const page = 'http://localhost:5173'
const logged: LogEntry[] = []
const site = serving({ key, origins: [page], onLog: (entry) => logged.push(entry) })
let red: string
beforeAll(async () => {
  red = await square()
})

const question = 'what color is the square?'
const authorization = { headers: { authorization: `Bearer ${key}` } }

/** Tokens of a prompt, where those from the cache are told by themselves. */
const readIn = ({ input_tokens, cache_read_input_tokens }: Anthropic.Usage): number =>
  input_tokens + (cache_read_input_tokens ?? 0)

describe('the openai client', () => {
  const client = () => new OpenAI({ apiKey: key, baseURL: `${site.server.url}/v1`, maxRetries: 0 })
  const messages = [
    {
      role: 'user' as const,
      content: [
        { type: 'image_url' as const, image_url: { url: red } },
        { type: 'text' as const, text: question },
      ],
    },
  ]
  const asked = () => ({
    model: 'mini',
    messages: [
      { ...messages[0], content: [{ type: 'image_url' as const, image_url: { url: red } }, messages[0].content[1]] },
    ],
    max_tokens: 8,
  })

  it('has whole answers and streams of one text', async () => {
    const whole = await client().chat.completions.create(asked())
    const stream = await client().chat.completions.create({
      ...asked(),
      stream: true,
      stream_options: { include_usage: true },
    })
    let said = ''
    let total = 0
    for await (const { choices, usage } of stream) {
      said += choices[0]?.delta.content ?? ''
      total = usage?.total_tokens ?? total
    }
    expect(said).toBe(whole.choices[0].message.content)
    expect(total).toBe(whole.usage!.total_tokens)
  })

  it('calls functions, and reads JSON', async () => {
    const parameters = { type: 'object', properties: { side: { enum: ['left', 'right'] } }, required: ['side'] }
    const tools = [{ type: 'function' as const, function: { name: 'turn', parameters } }]
    const { choices } = await client().chat.completions.create({
      ...asked(),
      tools,
      tool_choice: 'required',
      max_tokens: 60,
    })
    const [call] = choices[0].message.tool_calls!
    expect(call.type === 'function' && Object.keys(JSON.parse(call.function.arguments))).toEqual(['side'])
    const schema = {
      type: 'object',
      properties: { ok: { type: 'boolean' } },
      required: ['ok'],
      additionalProperties: false,
    }
    const response_format = { type: 'json_schema' as const, json_schema: { name: 'x', schema, strict: true } }
    const json = await client().chat.completions.create({ ...asked(), response_format, max_tokens: 60 })
    expect(typeof JSON.parse(json.choices[0].message.content!).ok).toBe('boolean')
  })

  it('knows the models, and errors by their class', async () => {
    const [model] = (await client().models.list()).data
    expect(model.id).toBe('mini')
    expect((await client().models.retrieve('mini')).id).toBe('mini')
    await expect(client().models.retrieve('other')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
    await expect(client().chat.completions.create({ ...asked(), max_tokens: -1 })).rejects.toMatchObject({
      status: 400,
      param: 'max_tokens',
    })
    const stranger = new OpenAI({ apiKey: 'wrong', baseURL: `${site.server.url}/v1`, maxRetries: 0 })
    await expect(stranger.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
  })

  it('has responses, whole and streamed, with the text of chat', async () => {
    const chat = await client().chat.completions.create(asked())
    const input = [
      {
        role: 'user' as const,
        content: [
          { type: 'input_image' as const, image_url: red, detail: 'auto' as const },
          { type: 'input_text' as const, text: question },
        ],
      },
    ]
    const whole = await client().responses.create({ model: 'mini', input, max_output_tokens: 8 })
    expect(whole.output_text).toBe(chat.choices[0].message.content)
    expect(whole.usage!.input_tokens).toBe(chat.usage!.prompt_tokens)
    const types: string[] = []
    let said = ''
    for await (const event of await client().responses.create({
      model: 'mini',
      input,
      max_output_tokens: 8,
      stream: true,
    })) {
      types.push(event.type)
      if (event.type === 'response.output_text.delta') said += event.delta
    }
    expect(said).toBe(whole.output_text)
    expect(types[0]).toBe('response.created')
    expect(types.at(-1)).toMatch(/^response\.(completed|incomplete)$/)
    const counted = await client().responses.inputTokens.count({ model: 'mini', input })
    expect(counted.input_tokens).toBe(whole.usage!.input_tokens)
  })

  it('streams a response that calls a function', async () => {
    const parameters = { type: 'object', properties: { side: { enum: ['left'] } }, required: ['side'] }
    const tools = [{ type: 'function' as const, name: 'turn', parameters, strict: true }]
    const stream = client().responses.stream({
      model: 'mini',
      input: 'turn!',
      tools,
      tool_choice: 'required',
      max_output_tokens: 60,
    })
    const { output } = await stream.finalResponse()
    expect(output[0]).toMatchObject({ type: 'function_call', name: 'turn', arguments: '{"side":"left"}' })
  })
})

describe('the Anthropic client', () => {
  const client = () => new Anthropic({ apiKey: key, baseURL: site.server.url, maxRetries: 0 })
  const source = () => ({ type: 'base64' as const, media_type: 'image/png' as const, data: red.split(',')[1] })
  const asked = () => ({
    model: 'mini',
    max_tokens: 8,
    messages: [
      {
        role: 'user' as const,
        content: [
          { type: 'image' as const, source: source() },
          { type: 'text' as const, text: question },
        ],
      },
    ],
  })

  it('has whole answers, streams and counts', async () => {
    const whole = await client().messages.create(asked())
    const [block] = whole.content
    expect(block.type).toBe('text')
    const stream = client().messages.stream(asked())
    const final = await stream.finalMessage()
    expect(final.content[0]).toMatchObject(block)
    expect(final.stop_reason).toBe(whole.stop_reason)
    expect(final.usage.output_tokens).toBe(whole.usage.output_tokens)
    const { max_tokens: _, ...counted } = asked()
    expect((await client().messages.countTokens(counted)).input_tokens).toBe(readIn(whole.usage))
    expect(readIn(final.usage)).toBe(readIn(whole.usage))
    expect(final.usage.cache_read_input_tokens).toBeGreaterThan(144) // it was asked before
  })

  it('gives images in results of tools, and calls tools', async () => {
    const input_schema = { type: 'object' as const, properties: { side: { enum: ['left'] } }, required: ['side'] }
    const tools = [{ name: 'turn', input_schema }]
    const called = await client().messages.create({ ...asked(), tools, tool_choice: { type: 'any' }, max_tokens: 60 })
    expect(called.stop_reason).toBe('tool_use')
    expect(called.content[0]).toMatchObject({ type: 'tool_use', name: 'turn', input: { side: 'left' } })
    const result = {
      type: 'tool_result' as const,
      tool_use_id: 'x',
      content: [{ type: 'image' as const, source: source() }],
    }
    const use = { type: 'tool_use' as const, id: 'x', name: 'turn', input: {} }
    const messages = [
      { role: 'user' as const, content: 'turn!' },
      { role: 'assistant' as const, content: [use] },
      { role: 'user' as const, content: [result] },
    ]
    const seen = await client().messages.create({ model: 'mini', max_tokens: 2, messages })
    expect(readIn(seen.usage)).toBeGreaterThan(144)
  })

  it('knows errors by their class', async () => {
    await expect(client().messages.create({ ...asked(), max_tokens: 0 })).rejects.toBeInstanceOf(
      Anthropic.BadRequestError,
    )
    const url = { type: 'url' as const, url: 'http://127.0.0.1/x.png' }
    const messages = [{ role: 'user' as const, content: [{ type: 'image' as const, source: url }] }]
    await expect(client().messages.create({ ...asked(), messages })).rejects.toThrow('not fetched')
  })
})

describe('the AI SDK', () => {
  const model = () =>
    createOpenAICompatible({ name: 'fovea', baseURL: `${site.server.url}/v1`, apiKey: key, includeUsage: true })('mini')
  const messages = () => [
    {
      role: 'user' as const,
      content: [
        { type: 'image' as const, image: Buffer.from(red.split(',')[1], 'base64') },
        { type: 'text' as const, text: question },
      ],
    },
  ]

  it('has whole answers and streams of one text, with usage', async () => {
    const whole = await generateText({ model: model(), messages: messages(), maxOutputTokens: 8, maxRetries: 0 })
    const stream = streamText({ model: model(), messages: messages(), maxOutputTokens: 8, maxRetries: 0 })
    let said = ''
    for await (const piece of stream.textStream) said += piece
    expect(said).toBe(whole.text)
    expect((await stream.usage).totalTokens).toBe(whole.usage.totalTokens)
    expect(whole.usage.inputTokens).toBeGreaterThan(144)
  })
})

describe('everything else that is asked', () => {
  it('needs the key, but for the health', async () => {
    expect((await site.get('/health')).status).toBe(200)
    for (const headers of [
      {},
      { authorization: '' },
      { authorization: 'Bearer x' },
      { 'x-api-key': 'x', authorization: `Bearer ${key}` },
    ])
      expect((await errorOf(await site.get('/props', { headers: headers as HeadersInit }))).status).toBe(401)
    const anthropic = await site.post('/v1/messages', {})
    expect(await anthropic.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } })
  })

  it('is told to the log where the key is wrong, too', async () => {
    const before = logged.length
    await (await site.get('/v1/models', { headers: { authorization: 'Bearer wrong' } })).text()
    await expect.poll(() => logged.slice(before)).toMatchObject([{ method: 'GET', url: '/v1/models', status: 401 }])
  })

  it('says which methods an address takes', async () => {
    const asked = (method: string, path: string) => fetch(`${site.server.url}${path}`, { method, ...authorization })
    for (const [method, path, allow] of [
      ['GET', '/v1/chat/completions', 'POST'],
      ['DELETE', '/v1/models/mini?x=/', 'GET, HEAD'],
      ['PUT', '/v1/messages', 'POST'],
      ['POST', '/openapi.json', 'GET, HEAD'],
    ]) {
      const response = await asked(method, path)
      expect([path, response.status, response.headers.get('allow')]).toEqual([path, 405, allow])
      const { error } = (await response.json()) as { error: { message: string } }
      expect(error.message).toBe(`${method} is not taken at this address; ask with ${allow.split(',')[0]}`)
    }
    for (const path of ['/v1/chat', '/openapi-json', '/v1/models/a/b']) {
      const response = await asked('GET', path)
      expect([path, response.status, response.headers.get('allow')]).toEqual([path, 404, null])
    }
  })

  it('is read by pages of the origins that may ask', async () => {
    const preflight = await fetch(`${site.server.url}/v1/messages`, {
      method: 'OPTIONS',
      headers: {
        origin: page,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    })
    expect(preflight.status).toBe(204)
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-origin': page,
      'access-control-allow-headers': 'authorization,content-type',
      'access-control-allow-methods': 'GET, POST, DELETE',
    })
    const headers = { ...authorization.headers, origin: page }
    const whole = await site.get('/v1/models', { headers })
    const stream = await site.post(
      '/v1/chat/completions',
      { messages: [say('a')], max_tokens: 1, stream: true },
      { headers },
    )
    const stranger = await site.get('/v1/models', { headers: { origin: page } })
    for (const response of [whole, stream, stranger])
      expect(response.headers.get('access-control-allow-origin')).toBe(page)
    expect([whole.status, stream.status, stranger.status]).toEqual([200, 200, 401])
    await stream.text()
    const foreign = await site.get('/v1/models', { headers: { ...headers, origin: 'http://localhost:5174' } })
    expect([foreign.status, foreign.headers.get('access-control-allow-origin')]).toEqual([403, null])
  })

  it('takes both names of the model that comes with the package', async () => {
    for (const model of ['mini', 'fovea-mini'])
      expect(await (await site.get(`/v1/models/${model}`, authorization)).json()).toMatchObject({ id: 'mini' })
    for (const model of ['fovea', 'models/fovea-mini', ''])
      expect(
        (await site.post('/v1/messages/count_tokens', { model, messages: [say('a')] }, authorization)).status,
      ).toBe(404)
  })

  it('refuses images where models see none, by name', async () => {
    const image = { type: 'image_url', image_url: red }
    for (const role of ['system', 'developer', 'assistant']) {
      const messages = [say([{ type: 'text', text: 'look' }, image], role), say('what is this?')]
      expect(await errorOf(await site.post('/v1/chat/completions', { messages }, authorization))).toMatchObject({
        status: 400,
        param: 'messages.0.content',
        message: `a message of role ${role} takes no images; give them in one of role user`,
      })
    }
    const input = [
      { role: 'developer', content: [{ type: 'input_image', image_url: red }] },
      { role: 'user', content: 'a' },
    ]
    expect(await errorOf(await site.post('/v1/responses', { input }, authorization))).toMatchObject({
      status: 400,
      param: 'input.0.content',
    })
  })

  it('says what the model takes', async () => {
    const props = await (await site.get('/props', authorization)).json()
    expect(props).toMatchObject({ model: 'mini', modalities: { vision: true, video: false }, n_ctx: 2048 })
    const { data } = (await (await site.get('/v1/models', authorization)).json()) as {
      data: { architecture: object; fovea: { methods: string[] } }[]
    }
    expect(data[0].architecture).toMatchObject({ input_modalities: ['text', 'image'] })
    expect(data[0].fovea.methods).toContain('visionzip')
  })

  it('counts tokens, and gives text back', async () => {
    const { tokens, count } = (await (
      await site.post('/tokenize', { prompt: 'what is <eos>?' }, authorization)
    ).json()) as { tokens: number[]; count: number }
    expect(count).toBe(tokens.length)
    expect(tokens).not.toContain(1)
    expect(await (await site.post('/detokenize', { tokens }, authorization)).json()).toEqual({
      prompt: 'what is <eos>?',
    })
    const messages = [
      say([
        { type: 'image_url', image_url: red },
        { type: 'text', text: question },
      ]),
    ]
    const body = { messages, fovea: { method: 'mqt:m=16' } }
    const counted = (await (await site.post('/v1/chat/completions/input_tokens', body, authorization)).json()) as {
      input_tokens_details: object
    }
    expect(counted.input_tokens_details).toMatchObject({ image_tokens: 16 })
  })

  it('measures under the names that dashboards know', async () => {
    const page = await (await site.get('/metrics', authorization)).text()
    for (const name of [
      'num_requests_running',
      'num_requests_waiting',
      'prompt_tokens_total',
      'generation_tokens_total',
      'request_success_total',
      'time_to_first_token_seconds_bucket',
      'e2e_request_latency_seconds_sum',
      'mm_cache_hits_total',
    ])
      expect(page).toContain(`vllm:${name}{`)
    expect(page).toContain('fovea:visual_tokens_total{')
    const hits = Number(/vllm:mm_cache_hits_total\{.*\} (\d+)/.exec(page)![1])
    expect(hits).toBeGreaterThan(3) // the same image was asked about again and again
  })

  it('describes itself', async () => {
    const { paths } = (await (await site.get('/openapi.json', authorization)).json()) as {
      paths: Record<string, { post?: { requestBody: object } }>
    }
    expect(Object.keys(paths)).toContain('/v1/models/{id}')
    expect(JSON.stringify(paths['/v1/chat/completions'].post!.requestBody)).toContain('max_tokens')
  })

  it('says that it has nothing that embeds', async () => {
    const refused = await errorOf(await site.post('/v1/embeddings', { input: 'a' }, authorization))
    expect(refused).toMatchObject({ status: 400, code: 'embedding_unsupported' })
  })

  it('streams events under the names of Responses and Messages', async () => {
    const response = await site.post(
      '/v1/messages',
      { max_tokens: 2, messages: [say('a')], stream: true },
      authorization,
    )
    const names = (await eventsOf(response)).map(({ event }) => event)
    expect(names[0]).toBe('message_start')
    expect(names.at(-1)).toBe('message_stop')
  })
})
