import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { Chunk, LanguageProgram } from '../../../src/pipeline/flow/language-program.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { keepVisual } from '../../../src/pipeline/method/sequence.ts'
import { f32 } from '../../../src/runtime/index.ts'
import { constant } from '../../../src/tensor/index.ts'
import { largestDifference, picture, promptChunk, type Tiny, tinyModel } from '../tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const STEPS = 6
const argmax = (logits: Float32Array) => logits.indexOf(Math.max(...logits))

const textChunk = (id: number, position: number): Chunk => ({
  ids: [id],
  visual: f32([0, 0], new Float32Array(0)),
  order: [0],
  positions: [position],
})

/** The prompt with further text tokens behind it. */
const longer = (chunk: Chunk, ids: readonly number[]): Chunk => {
  const { length } = chunk.ids
  const order = chunk.order.map((from) => (from < length ? from : from + ids.length))
  return {
    ...chunk,
    ids: [...chunk.ids, ...ids],
    order: [...order, ...ids.map((_, at) => length + at)],
    positions: Array.from({ length: order.length + ids.length }, (_, at) => at),
  }
}

/** One forward pass without any cache. */
async function forward(language: LanguageProgram, chunk: Chunk): Promise<Float32Array> {
  await language.open('forward')
  const { logits } = await language.run('forward', chunk)
  await language.close('forward')
  return logits
}

/** Greedy decoding over the cache: the logits of each step and the ids chosen. */
async function decode(language: LanguageProgram, chunk: Chunk) {
  await language.open('decode')
  const logits = [(await language.run('decode', chunk)).logits]
  const ids: number[] = []
  for (let step = 0; step < STEPS; step++) {
    ids.push(argmax(logits[step]))
    logits.push((await language.run('decode', textChunk(ids[step], chunk.order.length + step))).logits)
  }
  const rows = language.lengths('decode')
  await language.close('decode')
  return { logits, ids, rows }
}

describe('decoding over the cache', () => {
  it.each(['dense', 'visionzip:keep=.5', 'keep-all'])(
    '%s equals the whole forward pass at every step',
    async (text) => {
      const method = parseMethod(text)
      const chunk = await promptChunk(tiny.model, { images: [picture(1), picture(2)], method })
      const language = await tiny.model.language(method)
      const { logits, ids, rows } = await decode(language, chunk)
      for (const step of logits.keys()) {
        const whole = await forward(language, longer(chunk, ids.slice(0, step)))
        expect(largestDifference(logits[step], whole)).toBeLessThan(1e-4)
      }
      expect(rows).toEqual(new Array(4).fill(chunk.order.length + STEPS))
    },
  )

  // A whole pass would choose anew, by its own last token; it is told to keep what the first step kept.
  it('FastV: new tokens see the rows that each layer kept, at the positions of the whole sequence', async () => {
    const method = parseMethod('fastv:layer=2,keep=.25')
    const chunk = await promptChunk(tiny.model, { method })
    const language = await tiny.model.language(method)
    const { logits, ids, rows } = await decode(language, chunk)
    expect(rows.map((count) => count - STEPS)).toEqual([0, 0, 12, 12].map((dropped) => chunk.order.length - dropped))

    await language.open('again')
    const { kept } = await language.run('again', chunk)
    await language.close('again')
    const fixed = await tiny.model.language(keepingOnly(kept))
    for (const step of logits.keys()) {
      const whole = await forward(fixed, longer(chunk, ids.slice(0, step)))
      expect(largestDifference(logits[step], whole)).toBeLessThan(1e-4)
    }
  })
})

/** Drops before layer 2 what FastV has dropped, whoever asks. */
function keepingOnly(kept: readonly number[]): Method {
  const indices = constant(kept, [1, kept.length], 'i64')
  return { name: 'fixed', read: { layer: { 2: (seq, next) => next(keepVisual(seq, indices, 'fixed')) } } }
}
