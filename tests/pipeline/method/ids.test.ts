/** Positions of tokens that stay when others go: kept, or closed up, through prefill, answers and later turns. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { largestDifference, PATCHES, picture, prefill, promptChunk, type Tiny, tinyModel } from '../tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const visualPlaces = ({ order, ids, positions }: Awaited<ReturnType<typeof promptChunk>>) =>
  order.flatMap((from, slot) => (from < ids.length ? [] : [positions[slot]]))

describe('tokens that go before the language model', () => {
  it.each(['random', 'fastervlm', 'divprune'])('%s: those that stay keep their places, or close up', async (id) => {
    const chunkOf = (ids: string) => promptChunk(tiny.model, { method: parseMethod(`${id}:keep=.25,ids=${ids}`) })
    const [kept, packed] = [await chunkOf('keep'), await chunkOf('pack')]
    const { views } = await tiny.model.encode(picture(), parseMethod(`${id}:keep=.25`))
    const stayed = views[0].owner.flatMap((token, patch) => (token >= 0 ? [patch] : []))
    const first = visualPlaces(packed)[0]
    expect(visualPlaces(packed)).toEqual([0, 1, 2, 3].map((at) => first + at))
    expect(visualPlaces(kept)).toEqual(stayed.map((patch) => first + patch))
    expect(kept.end - packed.end).toBe(PATCHES - 4)
  })

  it('changes no bit where everything stays, by both', async () => {
    const dense = await prefill(tiny.model)
    for (const ids of ['keep', 'pack']) {
      const { logits } = await prefill(tiny.model, { method: parseMethod(`fastervlm:keep=1,ids=${ids}`) })
      expect(logits).toEqual(dense.logits)
    }
  })

  it('leaves the gap of a picture of which nothing stays', async () => {
    const dense = await promptChunk(tiny.model, {})
    const none = await promptChunk(tiny.model, { method: parseMethod('random:keep=0,ids=keep') })
    expect(none.end).toBe(dense.end)
    expect(none.visual.dims[0]).toBe(0)
  })

  it('goes through two methods: the second keeps what the first noted', async () => {
    const both = parseMethod('fastervlm:keep=.5,ids=keep+random:keep=.5,ids=keep')
    const { views } = await tiny.model.encode(picture(), both)
    const places = [...views[0].signals.place.data]
    expect(places).toEqual(views[0].owner.flatMap((token, patch) => (token >= 0 ? [patch] : [])))
    expect(views[0].span).toBe(PATCHES)
  })

  it('counts the positions that a prompt will take', async () => {
    const counted = async (ids: string) =>
      (
        await tiny.model.count({
          prompt: 'what is it?',
          images: [picture()],
          method: parseMethod(`random:keep=.25,ids=${ids}`),
        })
      ).positions
    expect((await counted('keep')) - (await counted('pack'))).toBe(PATCHES - 4)
  })
})

describe('tokens that go inside the language model', () => {
  const method = (id: string, ids: string) => parseMethod(`${id},ids=${ids}`)

  it.each(['fastv:layer=2,keep=.25', 'pyramiddrop:keep=.25', 'dart:keep=.25', 'random-prune:keep=.25'])(
    '%s: closing up gives other logits, and both answer',
    async (id) => {
      const [kept, packed] = await Promise.all(
        ['keep', 'pack'].map((ids) => prefill(tiny.model, { method: method(id, ids) })),
      )
      expect(packed.logits.every(Number.isFinite)).toBe(true)
      expect(packed.rows).toEqual(kept.rows)
      expect(largestDifference(packed.logits, kept.logits)).toBeGreaterThan(1e-6)
    },
  )

  it('goes on behind the rows of each layer: an answer step by step is the whole at once', async () => {
    const chosen = method('fastv:layer=2,keep=.25', 'pack')
    const language = await tiny.model.language(chosen)
    const chunk = await promptChunk(tiny.model, {})
    const say = async (ids: readonly number[], start: number) =>
      language.run('steps', {
        ids,
        visual: { ...chunk.visual, dims: [0, chunk.visual.dims[1]], data: new Float32Array(0) },
        order: [...ids.keys()],
        positions: ids.map((_, at) => start + at),
      })
    const words = [40, 41, 42]
    await language.open('steps')
    await language.run('steps', chunk)
    for (const [at, word] of words.slice(0, -1).entries()) await say([word], chunk.end + at)
    const stepwise = await say([words[2]], chunk.end + 2)
    const rows = language.lengths('steps')
    await language.close('steps')
    await language.open('steps')
    await language.run('steps', chunk)
    const atOnce = await say(words, chunk.end)
    expect(language.lengths('steps')).toEqual(rows)
    await language.close('steps')
    expect(largestDifference(stepwise.logits, atOnce.logits)).toBeLessThan(1e-4)
  })
})
