import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rekv } from '../../../src/papers/compute/rekv.ts'
import { buildMethod, parseMethod } from '../../../src/papers/methods.ts'
import { compose, dense } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { layout } from '../../../src/pipeline/talk/layout.ts'
import { encodePrompt, promptText } from '../../../src/pipeline/talk/prompt.ts'
import { LAYERS, largestDifference, PATCHES, picture, type Tiny, tinyModel } from '../tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const QUESTION = 'what is red?'
const FRAMES = [1, 2, 3, 4, 5]

/** A stream of these frames, and what it says to the question. */
async function watched(method: Method, seeds: readonly number[] = FRAMES) {
  const stream = await tiny.model.watch({ method })
  for (const [at, seed] of seeds.entries()) await stream.see(picture(seed), { time: at / 2 })
  const ask = async () => {
    let logits = new Float32Array(0)
    const onPrefill = (_: unknown, found: Float32Array) => {
      logits = Float32Array.from(found)
    }
    const reply = await stream.ask(QUESTION, { maxTokens: 5, onPrefill })
    return { logits, reply }
  }
  return { stream, ask }
}

/** The logits of one prefill of what stands before the frames, the frames, and the question. */
async function atOnce(seeds: readonly number[]): Promise<Float32Array> {
  const { parts } = tiny.model
  const { imageToken } = parts.architecture.prompt
  const content = [{ type: 'image' } as const, { type: 'text', text: QUESTION } as const]
  const pictureOf = { prompt: [imageToken], views: { length: 1 } }
  const { ids } = encodePrompt(parts, promptText(parts, { messages: [{ role: 'user', content }] }), [pictureOf])
  const place = ids.indexOf(imageToken)
  const views = []
  for (const seed of seeds) views.push(...(await tiny.model.encode(picture(seed))).views)
  const all = [...ids.slice(0, place), ...seeds.map(() => imageToken), ...ids.slice(place + 1)]
  const language = await tiny.model.language(dense)
  await language.open('at-once')
  const { logits } = await language.run('at-once', layout(all, imageToken, views, 0))
  await language.close('at-once')
  return logits
}

const small = (options: object): Method => compose(buildMethod(rekv as never, options as never))

describe('a stream', () => {
  it.each([
    ['dense', dense],
    ['a store', compose({ name: 'stored', needs: { store: {} } })],
    ['rekv', parseMethod('rekv')],
  ])('under %s, which looks at everything, answers as one prefill of it all does', async (_, method) => {
    const { stream, ask } = await watched(method)
    expect(largestDifference((await ask()).logits, await atOnce(FRAMES))).toBeLessThan(1e-4)
    await stream.close()
  })

  it('is asked between frames, and stays as it is', async () => {
    const { stream, ask } = await watched(parseMethod('rekv'), [1, 2])
    const rows = [...stream.rows]
    const [first, again] = [await ask(), await ask()]
    expect(again.logits).toEqual(first.logits)
    expect(again.reply.text).toBe(first.reply.text)
    expect(stream.rows).toEqual(rows)
    expect(largestDifference(first.logits, await atOnce([1, 2]))).toBeLessThan(1e-4)
    const seen = await stream.see(picture(3))
    expect(seen).toMatchObject({ frame: 2, tokens: PATCHES })
    expect(stream.rows).toEqual(rows.map((count) => count + PATCHES))
    expect(largestDifference((await ask()).logits, await atOnce([1, 2, 3]))).toBeLessThan(1e-4)
    await stream.close()
  })

  it('says what was read: visual tokens so far, those looked at, and the words of the question', async () => {
    const { stream, ask } = await watched(small({ frames: 2, local: 64 }))
    const { reply } = await ask()
    expect(reply.tokens.visual).toEqual({ before: 5 * PATCHES, after: 5 * PATCHES, last: 2 * PATCHES })
    expect(reply.tokens.text).toBeGreaterThan(0)
    expect(reply.tokens.cached).toBe(stream.rows[0])
    await stream.close()
  })

  it('retrieves the same frames every time, and others make a difference', async () => {
    const { stream, ask } = await watched(small({ frames: 2, local: 64 }))
    const rows = [...stream.rows]
    const [first, again] = [await ask(), await ask()]
    expect(again.logits).toEqual(first.logits)
    expect(stream.rows).toEqual(rows)
    expect(largestDifference(first.logits, await atOnce(FRAMES))).toBeGreaterThan(1e-3)
    await stream.close()
  })

  it('longer than its window goes on: its frames are read as under the window alone', async () => {
    const { stream, ask } = await watched(small({ frames: 1, local: 40 }))
    expect(stream.rows).toEqual(new Array(LAYERS).fill(stream.rows[0]))
    expect((await ask()).logits.every(Number.isFinite)).toBe(true)
    await stream.close()
  })

  it('frees its cache when it ends', async () => {
    const { stream } = await watched(dense, [1])
    const { session } = (await tiny.model.language(dense)).program
    const key = (stream as unknown as { key: string }).key
    expect(Object.keys(await session.read([`${key}/keys.0`]))).toHaveLength(1)
    await stream.close()
    await stream.close()
    await expect(session.read([`${key}/keys.0`])).rejects.toThrow(/no resident tensor/)
    expect(stream.rows).toEqual([])
  })

  it('refuses what it cannot do in one line', async () => {
    const stream = await tiny.model.watch()
    await expect(stream.ask(QUESTION)).rejects.toMatchObject({ code: 'stream_empty', kind: 'usage' })
    const seeing = stream.see(picture(1))
    await expect(stream.ask(QUESTION)).rejects.toMatchObject({ code: 'stream_busy' })
    await expect(stream.close()).rejects.toMatchObject({ code: 'stream_busy' })
    await seeing
    await stream.close()
    await expect(stream.see(picture(2))).rejects.toMatchObject({ code: 'stream_closed' })
    await expect(stream.ask(QUESTION)).rejects.toThrow('this stream was closed; watch a new one')

    const narrow = await watched(small({ frames: 4, local: 40 }))
    await expect(narrow.ask()).rejects.toMatchObject({ code: 'stream_window' })
    await narrow.stream.close()
    const anew: Method = { name: 'anew', needs: { prompt: true } }
    await expect(tiny.model.watch({ method: anew })).rejects.toMatchObject({ code: 'stream_unsupported' })
  })

  it('refuses to retrieve where layers hold different rows', async () => {
    const { stream, ask } = await watched(
      compose(parseMethod('fastv:layer=2,keep=.5'), small({ frames: 2, local: 64 })),
    )
    await expect(ask()).rejects.toThrow(/retrieves frames, but another method drops tokens/)
    await stream.close()
  })
})
