/** Every public function, given what is not of its types: a value or a FoveaError, never an error of the code inside. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as fovea from '../../src/index.ts'
import { nothingSaid } from '../../src/pipeline/talk/until-abort.ts'

const { FoveaError, hub } = fovea

const JUNK: readonly unknown[] = [
  null,
  0,
  -1,
  Number.NaN,
  1.5,
  '',
  'x',
  '\0',
  true,
  10n,
  Symbol('s'),
  () => 1,
  [],
  [null],
  [[]],
  { a: 1 },
  new Uint8Array(3),
  new URL('ftp://x'),
  Object.create(null),
]

/** What has to be ended where a call was right after all. */
interface Ending {
  readonly close?: () => unknown
  readonly dispose?: () => unknown
}

type Call = (...given: unknown[]) => unknown

/** What a call ends in, where that is neither a value nor a FoveaError. */
async function faultOf(call: () => unknown): Promise<string | undefined> {
  try {
    const found = (await call()) as (AsyncGenerator & Ending) | undefined
    if (typeof found?.[Symbol.asyncIterator] === 'function') await found[Symbol.asyncIterator]().next()
    for (const end of ['close', 'dispose'] as const) if (typeof found?.[end] === 'function') await found[end]()
  } catch (error) {
    if (!(error instanceof FoveaError)) return String(error)
  }
  return undefined
}

async function faultsOf(calls: readonly (readonly [name: string, call: () => unknown])[]): Promise<string[]> {
  const found: string[] = []
  for (const [name, call] of calls) {
    const fault = await faultOf(call)
    if (fault) found.push(`${name}: ${fault}`)
  }
  return found
}

const named = (value: unknown, at: number) => `junk ${at} (${typeof value})`

/** Once with each junk as first argument, once with a right one before it. */
const sweep = (name: string, call: Call, first: unknown) =>
  JUNK.flatMap((junk, at) => [
    [`${name}(${named(junk, at)})`, () => call(junk)] as const,
    [`${name}(right, ${named(junk, at)})`, () => call(first, junk)] as const,
  ])

const FIRST: Readonly<Record<string, unknown>> = {
  readImage: 'examples/scene.png',
  readVideo: 'examples/clip.mp4',
  openVideo: 'examples/clip.mp4',
  buildMethod: fovea.findPaper('fastv'),
  standingOf: fovea.findPaper('fastv'),
  compose: fovea.parseMethod('fastv'),
  replyFrom: [nothingSaid()],
  mergeLora: new Map(),
  parseMethod: 'fastv',
  trainMethod: 'mqt',
}
const isFunction = (entry: readonly [string, unknown]): entry is [string, Call] =>
  typeof entry[1] === 'function' && entry[0] !== 'FoveaError'

const functions = Object.entries<unknown>(fovea).filter(isFunction)
const ofHub = Object.entries<unknown>(hub).filter(isFunction)

describe('given what is not of its types', () => {
  it.each(functions)('%s refuses it by name', async (name, call) => {
    const first = name in FIRST ? FIRST[name] : /aper|esults|reproduce/.test(name) ? 'fastv' : 'mini'
    expect(await faultsOf(sweep(name, call, first))).toEqual([])
  })

  it.each(ofHub)('hub.%s refuses it by name', async (name, call) => {
    expect(await faultsOf(sweep(name, call, 'no-such-folder-or-model'))).toEqual([])
  })
})

describe('a model, given what is not of its types', () => {
  let model: Awaited<ReturnType<typeof fovea.loadModel>>
  let asked: Record<string, unknown>
  beforeAll(async () => {
    model = await fovea.loadModel('mini', { threads: 1 })
    asked = { prompt: 'what?', images: await fovea.readImage('examples/scene.png'), maxTokens: 1 }
  })
  afterAll(() => model.dispose())
  const of = (of: object, name: string): Call => ((of as Record<string, Call>)[name] as Call).bind(of)

  it.each(['generate', 'count', 'explain', 'stream', 'converse', 'embed', 'watch', 'encode', 'encodeVideo'])(
    '%s refuses it by name',
    async (name) => {
      const first = /^encode/.test(name) ? asked.images : {}
      expect(await faultsOf(sweep(name, of(model, name), first))).toEqual([])
    },
  )

  const options = [
    'prompt',
    'images',
    'videos',
    'messages',
    'method',
    'maxTokens',
    'temperature',
    'topP',
    'topK',
    'minP',
  ]
  it.each([...options, 'seed', 'repetitionPenalty', 'signal', 'stop', 'rawPrompt', 'dropOldest', 'zzz'])(
    'generate refuses a wrong %s by name',
    async (option) => {
      const calls = JUNK.map(
        (junk, at) => [named(junk, at), () => of(model, 'generate')({ ...asked, [option]: junk })] as const,
      )
      expect(await faultsOf(calls)).toEqual([])
    },
  )

  it.each(['ask', 'stream', 'count'])('%s of a conversation refuses it by name', async (name) => {
    const chat = await model.converse({ images: await fovea.readImage('examples/scene.png') })
    const say = of(chat, name)
    expect(await faultsOf(JUNK.map((junk, at) => [named(junk, at), () => say(junk, {})] as const))).toEqual([])
    expect(await faultsOf(JUNK.map((junk, at) => [named(junk, at), () => say('what?', junk)] as const))).toEqual([])
    await chat.close()
  })

  it.each(['see', 'ask'])('%s of a stream refuses it by name', async (name) => {
    const stream = await model.watch()
    const frame = name === 'see' ? await fovea.readImage('examples/scene.png') : 'what?'
    expect(await faultsOf(sweep(name, of(stream, name), frame))).toEqual([])
    await stream.close()
  })

  it('says what a thing is taken for', async () => {
    const wrong = { ...asked, method: fovea.findPaper('fastv') }
    await expect(of(model, 'generate')(wrong)).rejects.toMatchObject({
      code: 'option_invalid',
      message: 'generate: method is what parseMethod gives, not an Object',
    })
    await expect(of(model, 'generate')({ ...asked, signal: {} })).rejects.toMatchObject({
      message: 'generate: signal is an AbortSignal, not an Object',
    })
    expect(() => fovea.parseMethod(null as unknown as string)).toThrow('parseMethod: a method is a string, not null')
  })
})
