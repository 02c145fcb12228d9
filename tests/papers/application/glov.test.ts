import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ALL, drawn, varied } from '../../../src/papers/application/glov/grammar.ts'
import { guidedBy, middleLayer } from '../../../src/papers/application/glov/guidance.ts'
import {
  bestSoFar,
  candidatesIn,
  extremes,
  filled,
  guides,
  metaPrompt,
  ranked,
  SLOT,
  searchPrompts,
} from '../../../src/papers/application/glov/search.ts'
import { Rng } from '../../../src/world/rng.ts'
import { largestDifference, prefill, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const tried = (...fitness: number[]) => fitness.map((value, at) => ({ prompt: `${at} ${SLOT}`, fitness: value }))

describe('the search', () => {
  it('ranks all that was ever tried, ties by what came first', () => {
    expect(ranked(tried(0.5, 0.7, 0.7)).map(({ prompt }) => prompt[0])).toEqual(['1', '2', '0'])
    expect(guides(tried(0.7, 0.7, 0.5))).toEqual([`0 ${SLOT}`, `2 ${SLOT}`])
    expect(guides(tried(0.7, 0.7))).toBeUndefined()
    const { best, worst } = extremes(tried(0.1, 0.2, 0.3, 0.4, 0.5), 5)
    expect([best.length, worst.length]).toEqual([2, 2])
    expect(extremes(tried(0.1), 5)).toEqual({ best: [], worst: [] })
  })

  it('scores a prompt once, and its best never falls', async () => {
    const script = ['b', 'a', 'b', 'c']
    const scored: string[] = []
    const fitness = async (prompt: string) => {
      scored.push(prompt)
      return { s: 0.2, a: 0.1, b: 0.6, c: 0.4 }[prompt]!
    }
    const history = await searchPrompts({ start: 's', steps: 4, fitness, propose: async (_, step) => [script[step]] })
    expect(scored).toEqual(['s', 'b', 'a', 'c'])
    expect(bestSoFar(history)).toEqual([0.2, 0.6, 0.6, 0.6])
    expect(
      ranked(history)
        .slice(0, 3)
        .map(({ prompt }) => prompt),
    ).toEqual(['b', 'c', 's'])
  })

  it('tells the language model the best and the worst, in whole percents', () => {
    const prompt = metaPrompt(tried(0.999, 0.2, 0.5), 5, 'It is about shapes.')
    expect(prompt).toContain(`0 ${SLOT} (99 %)`)
    expect(prompt).toContain(`1 ${SLOT} (20 %)`)
    expect(prompt).not.toContain(`2 ${SLOT}`)
    expect(metaPrompt(tried(0.3), 5, '')).toContain('The first prompt')
  })

  it('reads prompts out of a reply, and none out of anything else', () => {
    expect(candidatesIn(`assistant\nHere: try ${SLOT}\n\nno slot\n${SLOT}?`)).toEqual([`try ${SLOT}`, `${SLOT}?`])
    expect(candidatesIn('')).toEqual([])
    expect(candidatesIn(`${'x'.repeat(500)} ${SLOT}`)).toEqual([])
    expect(filled(`${SLOT} say ${SLOT}`, 'why?')).toBe('why? say why?')
    expect(filled(SLOT, '$&')).toBe('$&')
  })

  it('has a grammar whose prompts all hold the slot', () => {
    const rng = Rng.from(1, 'grammar')
    for (const prompt of ALL) expect(prompt.split(SLOT)).toHaveLength(2)
    for (let draw = 0; draw < 20; draw++) {
      expect(ALL).toContain(drawn(rng))
      expect(ALL).toContain(varied([{ prompt: ALL[draw % ALL.length], fitness: 1 }], rng))
    }
  })
})

describe('guidance', () => {
  const logits = async (method: Awaited<ReturnType<typeof guidedBy>>) =>
    (await prefill(tiny.model, { images: [], method })).logits

  it('is none of equal prompts and at alpha = 0, and something between others', async () => {
    const dense = (await prefill(tiny.model, { images: [] })).logits
    const pair = ['look closely.', 'a ring'] as const
    expect(await logits(await guidedBy(tiny.model, ['a', 'a']))).toEqual(dense)
    expect(await logits(await guidedBy(tiny.model, pair, { alpha: 0 }))).toEqual(dense)
    expect(largestDifference(await logits(await guidedBy(tiny.model, pair)), dense)).toBeGreaterThan(1e-4)
  })

  it('acts at block 17 of 32, and as deep in others', () => {
    expect([32, 4, 1].map(middleLayer)).toEqual([17, 2, 0])
  })
})
