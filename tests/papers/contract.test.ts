import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FoveaError } from '../../src/errors.ts'
import { buildMethod, parseMethod, runnable } from '../../src/papers/methods.ts'
import { compose } from '../../src/pipeline/method/compose.ts'
import type { Method } from '../../src/pipeline/method/method.ts'
import { placeName, placesOf } from '../../src/pipeline/method/places.ts'
import type { Model } from '../../src/pipeline/model.ts'
import { LAYERS, PATCHES, type Prefill, picture, prefill, type Tiny, tinyModel } from '../pipeline/tiny-model.ts'
import { withRandomAdapter } from './random-adapter.ts'

let tiny: Tiny
let second: Tiny
let dense: Prefill
beforeAll(async () => {
  tiny = await tinyModel()
  second = await tinyModel()
  dense = await prefill(tiny.model)
})
afterAll(async () => {
  await tiny.close()
  await second.close()
})

const ask = (model: Model, method: Method, images = [picture()]) =>
  model.generate({ prompt: 'how many red circles are there?', images, method, maxTokens: 4 })

const refusal = (run: () => unknown): FoveaError => {
  try {
    run()
  } catch (error) {
    if (error instanceof FoveaError) return error
    throw error
  }
  throw new Error('was not refused')
}

/** What every runnable entry of the registry owes its users. */
describe.each(runnable.map((entry) => [entry.id, entry] as const))('%s', (id, entry) => {
  const shape = entry.options?.shape ?? {}
  const ready = (options = {}) => withRandomAdapter(tiny.model.parts.architecture, buildMethod(entry, options))
  const isReducer = entry.kind[0] === 'reducer'

  /** The same before any training: what is added to a model adds nothing yet. */
  const fresh = () => withRandomAdapter(tiny.model.parts.architecture, buildMethod(entry, {}), { untrained: true })

  it('is built by its defaults, by its id alone', () => {
    expect(parseMethod(id).name).toBe(buildMethod(entry, {}).name)
    expect(buildMethod(entry, {}).name.startsWith(id)).toBe(true)
  })

  it('declares the places that it acts at, and no others', () => {
    const places = placesOf(buildMethod(entry, {})).map(placeName)
    const declared = entry.places.filter((place) => /^(see|read|talk)[.]/.test(place))
    expect([...places].sort()).toEqual([...declared].sort())
  })

  it('describes its options and refuses values of another type, and unknown names', () => {
    for (const [name, option] of Object.entries(shape)) {
      expect((option as { description?: string }).description, name).toMatch(/^\S.{5,}/)
      const wrong = refusal(() => buildMethod(entry, { [name]: { a: 'list of things' } }))
      expect(wrong).toMatchObject({ code: 'invalid_option', kind: 'usage' })
      expect(wrong.message).toContain(`${id}: option ${name}:`)
    }
    expect(refusal(() => parseMethod(`${id}:no-such-option=1`))).toMatchObject({ code: 'unknown_option' })
  })

  it('runs on a model: finite logits, and a reducer has no more tokens than are there without it', async () => {
    const { logits, chunk, rows, kept } = await prefill(tiny.model, { method: ready() })
    expect(logits.every(Number.isFinite)).toBe(true)
    expect(new Set(logits).size).toBeGreaterThan(1)
    expect(kept.length).toBeLessThanOrEqual(chunk.visual.dims[0])
    expect(rows).toHaveLength(LAYERS)
    if (!isReducer) return
    expect(chunk.visual.dims[0]).toBeLessThanOrEqual(dense.chunk.visual.dims[0])
    for (const [layer, count] of rows.entries()) expect(count).toBeLessThanOrEqual(dense.rows[layer])
  })

  it.runIf(shape.keep)('keeps one token of however small a share, none only of 0, and all of 1', async () => {
    const visible = async (keep: number) => {
      const { tokens, kept } = await ask(tiny.model, ready({ keep }))
      expect(kept[0].some((bit) => bit === 1)).toBe(tokens.visual.last > 0)
      return tokens.visual.last
    }
    for (const keep of [0.001, 1e-9, 1 / PATCHES]) expect(await visible(keep), `keep=${keep}`).toBe(1)
    if (entry.options!.safeParse({ keep: 0 }).success) expect(await visible(0)).toBe(0)
    expect(await visible(1)).toBe(PATCHES)
  })

  it('says of each patch whether it was kept, for every image', async () => {
    const { kept, tokens } = await ask(tiny.model, ready(), [picture(1), picture(2)])
    expect(kept.length).toBeGreaterThanOrEqual(2)
    for (const bits of kept) {
      if (isReducer) expect(bits.length).toBeLessThanOrEqual(PATCHES)
      expect(bits.every((bit) => bit === 0 || bit === 1)).toBe(true)
    }
    expect(tokens.visual.last).toBeLessThanOrEqual(tokens.visual.after)
    if (isReducer) expect(tokens.visual.after).toBeLessThanOrEqual(tokens.visual.before)
  })

  it('gives the same answer every time, on another copy of the model too', async () => {
    const [first, again] = [await ask(tiny.model, ready()), await ask(tiny.model, ready())]
    const other = await ask(second.model, ready())
    expect([again.text, again.kept]).toEqual([first.text, first.kept])
    expect([other.text, other.kept]).toEqual([first.text, first.kept])
  })

  it('answers the same where guesses are read ahead, or refuses to', async () => {
    const asked = { prompt: 'red or blue? red or blue? red or', images: [picture()], maxTokens: 24, ignoreEos: true }
    const method = ready()
    const { tokens, text } = await tiny.model.generate({ ...asked, method })
    const ahead = await tiny.model
      .generate({ ...asked, method, speculate: 'prompt-lookup' })
      .catch((error: FoveaError) => error.code)
    if (ahead === 'speculation_unfit') return expect(method.talk?.step ?? method.needs?.store).toBeDefined()
    expect(ahead).toMatchObject({ tokens, text })
  })

  it('works with text alone', async () => {
    const { text } = await ask(tiny.model, fresh(), [])
    if (fresh().talk?.answer) return expect(text).toEqual(expect.any(String)) // it may draw, or ask more than once
    expect(text).toBe((await ask(tiny.model, compose(), [])).text)
  })
})

it('there are entries to run', () => {
  expect(runnable.length).toBeGreaterThanOrEqual(5)
})
