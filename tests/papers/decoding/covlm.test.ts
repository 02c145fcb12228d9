import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Box, meanOf, regionOf } from '../../../src/papers/decoding/covlm/boxes.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { dense } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { withAdapter } from '../../../src/pipeline/method/own-weights.ts'
import type { Feed, StepSite } from '../../../src/pipeline/method/talk-side.ts'
import type { AskOptions } from '../../../src/pipeline/talk/ask-options.ts'
import { f32 } from '../../../src/runtime/index.ts'
import { initialise } from '../../../src/training/initialise.ts'
import { Rng } from '../../../src/world/rng.ts'
import { picture, prefill, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { adapterOf, ownLeaves, withRandomAdapter } from '../random-adapter.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const G = 4
const maxTokens = 12
const ask = (method: Method, options: AskOptions = {}, images = [picture()]) =>
  tiny.model.generate({ prompt: 'is there a red star?', images, method, maxTokens, ignoreEos: true, ...options })

/** With weights under which it says one of its words wherever `bias` lets it. */
function saying(bias: readonly number[], text = 'covlm:lora=0,width=8'): Method {
  const { architecture } = tiny.model.parts
  const values = ownLeaves(architecture, parseMethod(text)).map(({ name, shape }) => {
    const data = initialise(name, shape, 1, Rng.from(7, name))
    return [name, { shape, data: name.endsWith('says.bias') ? Float32Array.from(bias) : data }] as const
  })
  const [part] = parseMethod(text).parts!
  return withAdapter(part, adapterOf(new Map(values)))
}

interface Note {
  word: string
  boxes?: Box[]
}
const notesOf = (notes: readonly { note: unknown }[] = []) => notes.map(({ note }) => note as Note)

describe('CoVLM', () => {
  it('that says none of its words is the plain model, bit by bit', async () => {
    const method = withRandomAdapter(tiny.model.parts.architecture, parseMethod('covlm:lora=0'), { untrained: true })
    expect((await prefill(tiny.model, { method })).logits).toEqual((await prefill(tiny.model)).logits)
    const [plain, reply] = [await ask(dense), await ask(method)]
    expect([reply.text, reply.tokens, reply.notes]).toEqual([plain.text, plain.tokens, undefined])
  })

  it('after <visual> reads one mean of the picture per box that it found', async () => {
    const feeds: { feed: Feed; site: StepSite }[] = []
    const method = saying([-50, -50, 50, -50], 'covlm:lora=0,width=8,boxes=2,score=0')
    const { step } = method.talk!
    const watched: Method = {
      ...method,
      talk: {
        step: async (site) => {
          const found = (await step!(site)) as { feed?: Feed } | undefined
          if (found?.feed) feeds.push({ feed: found.feed, site })
          return found
        },
      },
    }
    const reply = await ask(watched)
    const notes = notesOf(reply.notes)
    expect(notes[0]).toEqual({ word: '<visual>' })
    expect(notes[1].boxes!.length).toBeGreaterThan(0)
    const { feed, site } = feeds[1]
    const grid = site.heads['covlm.grid'].data as Float32Array
    const means = notes[1].boxes!.map((box) => [...meanOf(grid, regionOf(box, G), G)])
    expect('embeds' in feed && [...feed.embeds.data]).toEqual(means.flat())
    const [seen] = (await tiny.model.encode(picture(), method)).views
    expect([...grid]).toEqual([...seen.embeds.data])
    expect(reply.tokens.fed).toBeGreaterThan(2)
    expect(reply.tokens.generated + reply.tokens.fed!).toBeLessThanOrEqual(maxTokens)
  })

  it('after <previsual> goes on with what all boxes say, each by its score, and keeps the best', async () => {
    const logits: Float32Array[] = []
    const watched = (text: string): Method => {
      const method = saying([-50, -50, -50, 50], text)
      const step = (site: StepSite) => {
        if (site.fed && !('word' in site.fed)) logits.push(site.logits.slice())
        return method.talk!.step!(site)
      }
      return { ...method, talk: { step } }
    }
    const several = await ask(watched('covlm:lora=0,width=8,score=0,ahead=3'))
    const [word, { boxes = [] }] = notesOf(several.notes)
    expect(word).toEqual({ word: '<previsual>' })
    expect(boxes.length).toBeGreaterThan(1)
    expect(boxes.map(({ score }) => score)).toEqual(boxes.map(({ score }) => score).toSorted((a, b) => b - a))
    const [mixed] = logits.splice(0)
    const best = await ask(watched('covlm:lora=0,width=8,score=0,ahead=1'))
    expect(notesOf(best.notes)[1].boxes).toEqual(boxes.slice(0, 1))
    expect(mixed).not.toEqual(logits[0])
    expect(mixed.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 4)
    expect(several.tokens.fed).toBe(best.tokens.fed) // one box stays
  })

  it('reads its words by their own embeddings: what follows is as if they were fed by hand', async () => {
    const method = saying([50, -50, -50, -50])
    const rows = method.adapter!
    const { offset } = rows.entries.get('method.covlm.words')!
    const table = new Float32Array((rows.files.adapter as Uint8Array).buffer, offset, 32)
    const logits: Float32Array[] = []
    let fed = 0
    const byHand: Method = {
      name: 'by-hand',
      talk: {
        step: (at) => {
          if (at.fed) logits.push(at.logits.slice())
          return fed++ < 2 ? { feed: { embeds: f32([1, 32], table.slice()) } } : undefined
        },
      },
    }
    await ask(byHand)
    const own: Float32Array[] = []
    await ask({
      ...method,
      talk: {
        step: (at) => {
          if (at.fed) own.push(at.logits.slice())
          return method.talk!.step!(at)
        },
      },
    })
    expect(own.slice(0, 2)).toEqual(logits.slice(0, 2))
  })

  it('finds nothing where no box is sure enough, and goes on', async () => {
    const { notes, finishReason } = await ask(saying([-50, -50, 50, -50], 'covlm:lora=0,width=8,score=1'))
    expect(notesOf(notes)[1].boxes).toEqual([])
    expect(finishReason).toBe('length')
  })

  it('looks at one picture', async () => {
    const method = saying([-50, -50, 50, -50])
    await expect(ask(method, {}, [picture(1), picture(2)])).rejects.toMatchObject({
      code: 'method_unfit',
      message: 'covlm looks for objects in one picture of 4x4 patches, there are 32 visual tokens',
    })
  })

  it('refuses to run without weights, by one line that says what to do', async () => {
    const error = await ask(parseMethod('covlm')).catch((caught) => caught)
    expect(error).toMatchObject({ code: 'adapter_missing', kind: 'input' })
    expect(error.message).toMatch(
      /^covlm:.*: it has weights of its own \(method\.covlm\..*name their folder: covlm:weights=FOLDER/,
    )
    expect(error.message).not.toContain('\n')
  })
})
