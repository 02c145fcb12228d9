/** The AI SDK as it is, and models in its own process. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LanguageModelV3CallOptions } from '@ai-sdk/provider'
import { embedMany, generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { loadModel } from '../../../src/loading/node-load.ts'
import { loadEmbedder } from '../../../src/loading/node-load-embedder.ts'
import { readImage } from '../../../src/media/read-image.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { createFovea, type FoveaReport, foveaReport } from '../../../src/serve/ai/index.ts'
import { square } from '../serving.ts'

const fovea = createFovea()
const mini = fovea('mini')
const question = 'what color is the square?'
let url: string
beforeAll(async () => {
  url = await square()
})
// what is warned of is looked at, not printed
beforeAll(() => Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false }))
afterAll(() => fovea.dispose())

const asked = (words = question) => ({
  messages: [
    {
      role: 'user' as const,
      content: [
        { type: 'image' as const, image: url },
        { type: 'text' as const, text: words },
      ],
    },
  ],
  maxOutputTokens: 16,
})

const reportOf = (metadata: Parameters<typeof foveaReport>[0]): FoveaReport => foveaReport(metadata)!

describe('a model of the AI SDK', () => {
  it('says what the library says, under a method, and what that took', async () => {
    const name = 'visionzip:keep=.25'
    const answer = await generateText({ model: fovea('mini', { method: name }), ...asked() })
    const model = await loadModel('models/fovea-mini')
    const messages = [
      {
        role: 'user' as const,
        content: [
          { type: 'image' as const, image: await readImage(url) },
          { type: 'text' as const, text: question },
        ],
      },
    ]
    const own = await model.generate({ messages, method: parseMethod(name), maxTokens: 16 })
    await model.dispose()
    expect(answer.text).toBe(own.text)
    const report = reportOf(answer.providerMetadata)
    expect(report).toMatchObject({ imageTokens: own.tokens.visual.after, textTokens: own.tokens.text })
    expect(report.visualTokens.after).toBeLessThan(report.visualTokens.before)
    expect(report.kept![0]).toHaveLength(own.kept[0].filter(Boolean).length)
    expect(answer.usage.inputTokens).toBe(own.tokens.text + own.tokens.cached + own.tokens.visual.after)
    expect(answer.usage.outputTokens).toBe(own.tokens.generated)
    expect(answer.finishReason).toBe('stop')
    expect(answer.warnings).toEqual([])
  })

  it('streams the same, with the same account', async () => {
    const whole = await generateText({ model: mini, ...asked() })
    const stream = streamText({ model: mini, ...asked() })
    let said = ''
    for await (const piece of stream.textStream) said += piece
    expect(said).toBe(whole.text)
    expect(await stream.usage).toEqual(whole.usage)
    expect(await stream.finishReason).toBe('stop')
    expect(reportOf(await stream.providerMetadata).imageTokens).toBeGreaterThan(0)
  })

  it('takes temperature and seed, stop and length', async () => {
    const say = (more: object) => generateText({ model: mini, ...asked('describe the image.'), ...more })
    const [first, again, other] = [
      await say({ temperature: 2, seed: 1 }),
      await say({ temperature: 2, seed: 1 }),
      await say({ temperature: 2, seed: 2 }),
    ]
    expect(again.text).toBe(first.text)
    expect(other.text).not.toBe(first.text)
    const greedy = await say({})
    const stop = greedy.text.slice(3, 6)
    expect((await say({ stopSequences: [stop] })).text).toBe(greedy.text.slice(0, greedy.text.indexOf(stop)))
    const cut = await say({ maxOutputTokens: 1 })
    expect([cut.finishReason, cut.usage.outputTokens]).toEqual(['length', 1])
  })

  it('takes options of a call, and of an image', async () => {
    const [part] = asked().messages[0].content
    const image = { ...part, providerOptions: { fovea: { maxPixels: 1024 } } }
    const answer = await generateText({
      model: mini,
      messages: [{ role: 'user', content: [image, { type: 'text', text: question }] }],
      providerOptions: { fovea: { method: 'random:keep=.5', overlay: true, regex: '(red|blue)' } },
    })
    expect(['red', 'blue']).toContain(answer.text)
    const report = reportOf(answer.providerMetadata)
    expect(report.method).toMatch(/^random:/)
    expect(report.overlays![0]).toMatch(/^data:image\/png;base64,/)
    expect(report.images[0].usedWidth).toBe(32)
  })

  it('gives objects of a schema', async () => {
    const schema = z.object({ color: z.enum(['red', 'green', 'blue']), sure: z.boolean() })
    const { output } = await generateText({
      model: mini,
      ...asked(),
      maxOutputTokens: 60,
      output: Output.object({ schema }),
    })
    expect(schema.parse(output)).toEqual(output)
    const stream = streamText({ model: mini, ...asked(), maxOutputTokens: 60, output: Output.object({ schema }) })
    expect(await stream.output).toEqual(output)
  })

  it('calls tools, and sees the images of their results', async () => {
    const calls: unknown[] = []
    const look = tool({
      inputSchema: z.object({ side: z.enum(['left', 'right']) }),
      execute: (input) => {
        calls.push(input)
        return 'a picture'
      },
      toModelOutput: () => ({
        type: 'content' as const,
        value: [
          { type: 'text' as const, text: 'here' },
          { type: 'image-data' as const, data: url.split(',')[1], mediaType: 'image/png' },
        ],
      }),
    })
    const { steps } = await generateText({
      model: mini,
      prompt: question,
      tools: { look },
      maxOutputTokens: 60,
      stopWhen: stepCountIs(2),
      prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? 'required' : 'none' }),
    })
    expect(steps.map(({ finishReason }) => finishReason)).toEqual([
      'tool-calls',
      expect.not.stringMatching('tool-calls'),
    ])
    expect(calls).toEqual([{ side: expect.stringMatching(/^(left|right)$/) }])
    expect(reportOf(steps[0].providerMetadata).imageTokens).toBe(0)
    expect(reportOf(steps[1].providerMetadata).imageTokens).toBeGreaterThan(0)
    const stream = streamText({
      model: mini,
      prompt: question,
      tools: { look },
      toolChoice: { type: 'tool', toolName: 'look' },
      maxOutputTokens: 60,
    })
    expect((await stream.toolCalls).map(({ toolName, input }) => [toolName, input])).toEqual([['look', calls[0]]])
  })

  it('ends with the reason of its signal: in line, while it reads, while it speaks', async () => {
    const reason = new Error('enough')
    const aborted = AbortSignal.abort(reason)
    await expect(generateText({ model: mini, ...asked(), abortSignal: aborted })).rejects.toThrow('enough')
    const controller = new AbortController()
    const busy = generateText({ model: mini, ...asked(), abortSignal: controller.signal })
    const behind = generateText({ model: mini, ...asked(), abortSignal: controller.signal })
    setTimeout(() => controller.abort(reason), 5)
    expect(await Promise.allSettled([busy, behind])).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ])
    const speaking = new AbortController()
    const endless = {
      ...asked('describe the image.'),
      maxOutputTokens: 2000,
      providerOptions: { fovea: { ignoreEos: true } },
    }
    const types: string[] = []
    for await (const part of streamText({ model: mini, ...endless, abortSignal: speaking.signal }).fullStream) {
      types.push(part.type)
      if (part.type === 'text-delta') speaking.abort()
    }
    expect(types.at(-1)).toBe('abort')
    expect((await generateText({ model: mini, ...asked() })).text).not.toBe('') // and it goes on
  })

  it('stops when nobody reads on', async () => {
    const prompt: LanguageModelV3CallOptions['prompt'] = [
      { role: 'user', content: [{ type: 'text', text: 'what is red?' }] },
    ]
    const { stream } = await mini.doStream({
      prompt,
      maxOutputTokens: 100_000,
      providerOptions: { fovea: { ignoreEos: true } },
    })
    await stream.cancel()
    expect((await generateText({ model: mini, ...asked() })).text).not.toBe('')
  })

  it('refuses in one line what cannot be used, before it says anything', async () => {
    const refused = (more: object) => generateText({ model: mini, ...asked(), ...more }).then(String, (error) => error)
    expect(await refused({ providerOptions: { fovea: { method: 'nothing' } } })).toMatchObject({
      code: 'unknown_method',
    })
    expect(await refused({ providerOptions: { fovea: { metod: 'x' } } })).toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('there is no field "metod" here'),
    })
    const pdf = { type: 'file' as const, data: new Uint8Array([1]), mediaType: 'application/pdf' }
    expect(await refused({ messages: [{ role: 'user', content: [pdf] }] })).toMatchObject({
      code: 'part_unsupported',
      param: 'prompt.0.content.0',
    })
    const broken = { type: 'image' as const, image: new Uint8Array([1, 2, 3]) }
    expect(await refused({ messages: [{ role: 'user', content: [broken] }] })).toMatchObject({
      code: 'unsupported_media',
      param: 'prompt.0.content.0.image_url',
    })
    expect(await refused({ model: fovea('no/such-folder/here') })).toMatchObject({ name: 'FoveaError' })
    expect(() => fovea('mini', { keep: 1 } as never)).toThrow('there is no field "keep" here')
    expect(() => fovea.imageModel('mini')).toThrow('makes no images')
    let failed: unknown
    const stream = streamText({
      model: mini,
      ...asked(),
      temperature: -1,
      onError: ({ error }) => {
        failed = error
      },
    })
    await stream.consumeStream()
    expect(failed).toMatchObject({ code: 'invalid_request', param: 'temperature' })
  })

  it('warns of what has no effect', async () => {
    const look = tool({ inputSchema: jsonSchema<object>({ type: 'object', properties: {} }) })
    const object = Output.object({ schema: z.object({ ok: z.boolean() }) })
    const answer = await generateText({ model: mini, ...asked(), tools: { look }, output: object, maxOutputTokens: 60 })
    expect(answer.warnings).toMatchObject([{ type: 'unsupported', feature: 'tools' }])
    const { warnings } = await mini.doGenerate({
      prompt: [
        { role: 'user', content: [{ type: 'text', text: 'what is red?' }] },
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'hm' },
            { type: 'text', text: 'a star' },
          ],
        },
        { role: 'user', content: [{ type: 'text', text: 'sure?' }] },
      ],
      tools: [{ type: 'provider', id: 'other.search', name: 'search', args: {} }],
    })
    expect(warnings).toMatchObject([{ feature: 'tool other.search' }, { feature: 'reasoning' }])
  })
})

describe('an embedding model of the AI SDK', () => {
  const folder = 'tests/fixtures/embeddings/clip'
  const { images, texts } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<string, string[]>

  it('embeds texts, and images that are data URLs, as the library does', async () => {
    const image = `data:image/png;base64,${readFileSync(join(folder, images[0])).toString('base64')}`
    const model = fovea.embeddingModel(folder)
    const { embeddings, usage } = await embedMany({ model, values: [texts[0], image, texts[1]] })
    const embedder = await loadEmbedder(folder)
    const own = await embedder.embed({ images: [await readImage(image)], texts: texts.slice(0, 2) })
    await embedder.dispose()
    expect(embeddings).toEqual([own.texts[0], own.images[0], own.texts[1]].map((vector) => Array.from(vector)))
    expect(usage.tokens).toBeGreaterThan(0)
    const reason = new Error('enough')
    await expect(embedMany({ model, values: texts, abortSignal: AbortSignal.abort(reason) })).rejects.toThrow('enough')
  })
})
