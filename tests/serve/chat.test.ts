import { beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/evaluation/load-model.ts'
import { readImage } from '../../src/media/read-image.ts'
import { parseMethod } from '../../src/papers/methods.ts'
import { errorOf, eventsOf, picture, say, serving, square, text } from './serving.ts'

const site = serving()
let red: string
let blue: string
beforeAll(async () => {
  red = await square('#d22')
  blue = await square('#22d')
})

// biome-ignore lint/suspicious/noExplicitAny: replies are looked at as clients that know no types do
const asked = async (body: object): Promise<any> => {
  const response = await site.chat({ max_tokens: 8, ...body })
  const reply = await response.json()
  expect(reply.error).toBeUndefined()
  expect(response.status).toBe(200)
  return reply
}

describe('a chat completion', () => {
  const question = 'what color is the square?'

  it('reads guesses ahead where that is asked, and says what came of them', async () => {
    const messages = [say([picture({ url: red }), text(question)])]
    const plain = await asked({ messages })
    const ahead = await asked({ messages, fovea: { speculate: 'prompt-lookup' } })
    expect(ahead.choices[0].message).toEqual(plain.choices[0].message)
    expect(plain.fovea.speculation).toBeUndefined()
    const { passes, accepted } = ahead.fovea.speculation
    expect(passes + accepted).toBe(ahead.usage.completion_tokens - 1)
  })

  it('says what the library says, and what it cost', async () => {
    const messages = [say([picture({ url: red }), text(question)])]
    const reply = await asked({ model: 'mini', messages, fovea: { method: 'fastv:layer=2,keep=.25' } })
    const model = await loadModel('mini')
    const method = parseMethod('fastv:layer=2,keep=.25')
    const images = [await readImage(red)]
    const own = await model.generate({ prompt: question, images, method, maxTokens: 8 })
    await model.dispose()
    const [{ message, finish_reason }] = reply.choices
    expect(message.content).toBe(own.text)
    expect(finish_reason).toBe(own.finishReason)
    expect(reply.object).toBe('chat.completion')
    expect(reply.usage.prompt_tokens).toBe(own.tokens.text + 144)
    expect(reply.usage.prompt_tokens_details).toMatchObject({ image_tokens: 144, text_tokens: own.tokens.text })
    expect(reply.fovea.visual_tokens).toEqual({ before: 144, after: 144, last: 36, layers: [144, 144, 36, 36, 36] })
    expect(reply.fovea.kept[0].length).toBe(36)
    expect(own.kept[0].flatMap((kept, at) => (kept ? [at] : []))).toEqual(reply.fovea.kept[0])
    expect(reply.fovea.milliseconds.prefill).toBeGreaterThan(0)
  })

  it('streams the same text, with one end and the usage last', async () => {
    const messages = [say([picture(red), text(question)])]
    const whole = await asked({ messages })
    const events = await eventsOf(
      await site.chat({ messages, max_tokens: 8, stream: true, stream_options: { include_usage: true } }),
    )
    expect(events.at(-1)!.data).toBe('[DONE]')
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const chunks = events.slice(0, -1).map(({ data }) => data as any)
    expect(chunks[0].choices[0].delta.role).toBe('assistant')
    const said = chunks.map(({ choices: [choice] }) => choice?.delta.content ?? '')
    expect(said.join('')).toBe(whole.choices[0].message.content)
    const ends = chunks.filter(({ choices }) => choices[0]?.finish_reason)
    expect(ends.length).toBe(1)
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
    expect(chunks.at(-1).choices).toEqual([])
    const { prompt_tokens_details, ...usage } = chunks.at(-1).usage
    expect(whole.usage).toMatchObject(usage)
    const { cached_tokens, cache_write_tokens } = prompt_tokens_details // the whole answer left its prompt
    expect([cached_tokens, cache_write_tokens]).toEqual([usage.prompt_tokens - 1, 1])
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true)
  })

  it('takes several images, several turns, and images in messages of tools', async () => {
    const first = say([picture(red), picture({ url: blue, detail: 'low' }), text(question)])
    const two = await asked({ messages: [first] })
    expect(two.usage.prompt_tokens_details.image_tokens).toBe(288)
    const turns = await asked({ messages: [first, say('red', 'assistant'), say('and the other one?')] })
    expect(turns.usage.prompt_tokens_details.image_tokens).toBe(288)
    expect(turns.usage.prompt_tokens).toBeGreaterThan(two.usage.prompt_tokens)
    const call = { id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } }
    const tool = { role: 'tool', tool_call_id: 'c1', name: 'look', content: [picture(red)] }
    const messages = [say('look.'), { role: 'assistant', content: null, tool_calls: [call] }, tool]
    expect((await asked({ messages })).usage.prompt_tokens_details.image_tokens).toBe(144)
  })

  it('uses as many pixels as it is told to, and says how many', async () => {
    const large = await square('#d22', 800)
    const sizes = async (part: object, more: object = {}) =>
      (await asked({ messages: [say([part, text(question)])], max_tokens: 1, ...more })).fovea.images[0]
    expect(await sizes(picture({ url: large }))).toMatchObject({ width: 800, used_width: 800, detail: 'auto' })
    expect(await sizes(picture({ url: large, detail: 'low' }))).toMatchObject({ used_width: 512, used_height: 512 })
    expect(await sizes(picture(large, { max_pixels: 10_000 }))).toMatchObject({ used_width: 100 })
    const all = { mm_processor_kwargs: { max_pixels: 40_000 } }
    expect(await sizes(picture(large), all)).toMatchObject({ used_width: 200, used_height: 200 })
  })

  it('ends at stop strings, and repeats itself under one seed', async () => {
    const messages = [say([picture(red), text(question)])]
    const { choices } = await asked({ messages })
    const [first] = choices[0].message.content
    const stopped = await asked({ messages, stop: [first] })
    expect(stopped.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: '' } })
    const drawn = async (seed: number) =>
      (await asked({ messages, temperature: 5, seed, max_tokens: 12, ignore_eos: true })).choices[0].message.content
    expect(await drawn(1)).toBe(await drawn(1))
    expect(await drawn(1)).not.toBe(await drawn(2))
  })

  it('says how likely its tokens were', async () => {
    const messages = [say([picture(red), text(question)])]
    const { choices, usage } = await asked({
      messages,
      logprobs: true,
      top_logprobs: 3,
      ignore_eos: true,
      max_tokens: 4,
    })
    const { content } = choices[0].logprobs
    expect(content.length).toBe(usage.completion_tokens)
    for (const { token, logprob, bytes, top_logprobs } of content) {
      expect(top_logprobs[0]).toEqual({ token, logprob, bytes }) // the most likely one is taken
      expect(top_logprobs.length).toBe(3)
      expect(logprob).toBeLessThanOrEqual(0)
      const total = top_logprobs.reduce((sum: number, { logprob: l }: { logprob: number }) => sum + Math.exp(l), 0)
      expect(total).toBeLessThanOrEqual(1 + 1e-6)
    }
  })

  it('gives in to biases and penalties', async () => {
    const messages = [say('what is red?')]
    const { tokens } = (await (await site.post('/tokenize', { prompt: 'Z' })).json()) as { tokens: number[] }
    const biased = await asked({ messages, logit_bias: { [tokens[0]]: 100 }, max_tokens: 3, ignore_eos: true })
    expect(biased.choices[0].message.content).toBe('ZZZ')
    const bias = { [tokens[0]]: 30 }
    const foreign = await errorOf(await site.chat({ messages, logit_bias: { 100000: 1 } }))
    expect(foreign).toMatchObject({ status: 400, param: 'logit_bias', code: 'token_id_invalid' })
    const varied = await asked({
      messages,
      logit_bias: bias,
      presence_penalty: 2,
      frequency_penalty: 2,
      max_tokens: 40,
      ignore_eos: true,
    })
    expect(varied.choices[0].message.content).toMatch(/^Z+[^Z]/)
  })

  it('draws what was kept', async () => {
    const messages = [say([picture(red), text(question)])]
    const { fovea } = await asked({
      messages,
      fovea: { method: { id: 'visionzip', options: { keep: 0.25 } }, overlay: true },
    })
    expect(fovea.method).toContain('visionzip')
    const drawn = await readImage(fovea.overlays[0])
    expect(drawn.width).toBeGreaterThanOrEqual(512)
  })
})

describe('answers that must have a form', () => {
  const messages = [say('what color is the star?')]

  it('match a regular expression', async () => {
    const { choices } = await asked({ messages, response_format: { type: 'regex', regex: '(red|green) [0-9]{3}' } })
    expect(choices[0].message.content).toMatch(/^(red|green) [0-9]{3}$/)
    expect(choices[0].finish_reason).toBe('stop')
  })

  it('are JSON of a schema', async () => {
    const schema = {
      type: 'object',
      properties: {
        color: { enum: ['red', 'blue'] },
        count: { type: 'integer', minimum: 0 },
        isRound: { type: 'boolean' },
      },
      required: ['color', 'count', 'isRound'],
      additionalProperties: false,
    }
    const response_format = { type: 'json_schema', json_schema: { name: 'thing', schema, strict: true } }
    const { choices } = await asked({ messages, response_format, max_tokens: 100 })
    const value = JSON.parse(choices[0].message.content)
    expect(Object.keys(value)).toEqual(['color', 'count', 'isRound'])
    expect(['red', 'blue']).toContain(value.color)
    expect(value.count).toBeGreaterThanOrEqual(0)
  })

  it('call a function where one must be called', async () => {
    const parameters = { type: 'object', properties: { side: { enum: ['left', 'right'] } }, required: ['side'] }
    const tools = [{ type: 'function', function: { name: 'turn', parameters } }]
    const body = { messages, tools, tool_choice: 'required', max_tokens: 100 }
    const { choices } = await asked(body)
    const [{ function: called, id }] = choices[0].message.tool_calls
    expect(choices[0].finish_reason).toBe('tool_calls')
    expect(called.name).toBe('turn')
    expect(id).toMatch(/^call_/)
    expect(['left', 'right']).toContain(JSON.parse(called.arguments).side)
    const events = await eventsOf(await site.chat({ ...body, stream: true }))
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const deltas = events.flatMap(({ data }) => (data === '[DONE]' ? [] : (data as any).choices))
    expect(deltas.find(({ delta }) => delta.tool_calls).delta.tool_calls[0].function).toEqual(called)
    expect(deltas.every(({ delta }) => !delta.content)).toBe(true)
    expect(deltas.at(-1).finish_reason).toBe('tool_calls')
  })

  it('refuse schemas that cannot be kept', async () => {
    const of = (schema: unknown) => ({ messages, response_format: { type: 'json_schema', json_schema: { schema } } })
    const refused = await errorOf(await site.chat(of({ type: 'object', patternProperties: {} })))
    expect(refused).toMatchObject({ status: 400, code: 'schema_unsupported', param: 'response_format' })
    expect(refused.message).toContain('patternProperties')
  })
})
