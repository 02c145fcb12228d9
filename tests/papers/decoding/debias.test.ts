import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { debiased } from '../../../src/papers/decoding/debias.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import type { AskOptions } from '../../../src/pipeline/talk/ask-options.ts'
import { picture, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const ask = (method: string | Method, options: AskOptions = {}, images = [picture()]) =>
  tiny.model.generate({
    prompt: 'is there a red star?',
    images,
    method: typeof method === 'string' ? parseMethod(method) : method,
    maxTokens: 8,
    ignoreEos: true,
    ...options,
  })

const close = (found: readonly number[], expected: readonly number[], digits = 3) => {
  expect(found).toHaveLength(expected.length)
  for (const [at, value] of found.entries()) expect(value).toBeCloseTo(expected[at], digits)
}

describe('Post-Hoc Debias', () => {
  const diagonal = { affine: 'diagonal', areLetters: false } as const
  const identity = { affine: 'identity', areLetters: false } as const

  it('is the worked example: p = (.7, .3), c = (.8, .2) flips yes to no', () => {
    close(debiased([0.7, 0.3], [0.8, 0.2], { ...diagonal, epsilon: 0 }), [0.3684, 0.6316], 4)
    expect(debiased([0.7, 0.3], [0.8, 0.2], identity)).toEqual([0, 1])
  })

  it('changes nothing where c is uniform', () => {
    close(debiased([0.7, 0.2, 0.1], [0.2, 0.2, 0.2], { ...diagonal, epsilon: 0 }), [0.7, 0.2, 0.1], 12)
    expect(debiased([0.2, 0.5, 0.3], [0.1, 0.1, 0.1], identity)).toEqual([0, 1, 0])
  })

  it('makes p uniform where it is c: what a picture adds to nothing is nothing', () => {
    close(debiased([0.9, 0.1], [0.9, 0.1], diagonal), [0.5, 0.5], 2)
    expect(debiased([0.9, 0.1], [0.9, 0.1], identity)).toEqual([1, 0]) // the first of equals
  })

  it('leaves letters alone where one of them never comes up without pictures', () => {
    const letters = { affine: 'diagonal', areLetters: true } as const
    close(debiased([0.4, 0.6], [0.5, 0], letters), [0.4, 0.6], 12)
    close(debiased([0.4, 0.6], [0.25, 0.75], { ...letters, epsilon: 0 }), [2 / 3, 1 / 3], 6)
    close(debiased([0.4, 0.6], [0, 0], diagonal), [0.4, 0.6], 12)
  })

  /** A method that makes rows what they are to be: of the answer itself and of the readings without pictures. */
  async function answerTo(text: string, own: Record<string, number>, free: Record<string, number>, options = {}) {
    const { tokenizer } = tiny.model.parts
    const { talk } = parseMethod(text).parts![0]
    const rowOf = (row: Float32Array, logits: Record<string, number>) => {
      const out = row.map(() => -10)
      for (const [word, logit] of Object.entries(logits)) out[tokenizer.encode(word)[0]] = logit
      return out
    }
    const method: Method = {
      name: 'stated',
      talk: {
        ...talk,
        logits: (row, at) =>
          at.said.length > 0
            ? row
            : talk!.logits!(rowOf(row, own), {
                ...at,
                branches: at.branches.map((branch) => ({ ...branch, row: rowOf(branch.row, free) })),
              }),
      },
    }
    return (await ask(method, { maxTokens: 1, ...options })).text.trim()
  }

  it('acts on the first token: an answer that is likelier without the picture loses', async () => {
    const [own, free] = [
      { yes: 2, no: 1.5 },
      { yes: 2, no: 0 },
    ]
    expect(await answerTo('debias:mode=calibrate,alpha=0', own, own)).toBe('yes')
    expect(await answerTo('debias:mode=calibrate', own, free)).toBe('no')
    expect(await answerTo('debias:mode=calibrate,affine=identity', own, free)).toBe('no')
    expect(await answerTo('debias:mode=both', own, free)).toBe('no')
    expect(
      await answerTo('debias:mode=calibrate,answers=red/blue', { red: 1, blue: 0.5, yes: 3 }, { red: 1, blue: 0 }),
    ).toBe('blue')
  })

  it('draws from q at a temperature of 1', async () => {
    const drawn = { yes: 0, no: 0 }
    for (let seed = 0; seed < 60; seed++) {
      const text = await answerTo(
        'debias:mode=calibrate,temperature=1',
        { yes: Math.log(0.7), no: Math.log(0.3) },
        { yes: Math.log(0.8), no: Math.log(0.2) },
        { temperature: 1, seed },
      )
      drawn[text as 'yes' | 'no']++
    }
    expect(drawn.yes + drawn.no).toBe(60)
    expect(drawn.no / 60).toBeGreaterThan(0.63 - 0.2)
    expect(drawn.no / 60).toBeLessThan(0.63 + 0.2)
  })

  it('lets the model speak where no answer is among the likely tokens', async () => {
    const other = { red: 3, blue: 2 }
    expect(await answerTo('debias:mode=calibrate,top=2', other, { yes: 1 })).toBe('red')
  })
})

describe('Visual Debias Decoding', () => {
  it('with alpha and beta 0 is plain sampling, with the same random numbers', async () => {
    for (const image of ['none', 'unk', 'both']) {
      const plain = await ask('dense', { temperature: 1.5, seed: 4 })
      const debiased = await ask(`debias:alpha=0,beta=0,image=${image}`, { temperature: 1.5, seed: 4 })
      expect(debiased.text).toBe(plain.text)
      expect(debiased.branches).toHaveLength(image === 'both' ? 2 : 1)
    }
  })

  it('of a question without pictures is the question itself', async () => {
    const reply = await ask('debias:alpha=3', {}, [])
    expect(reply.text).toBe((await ask('dense', {}, [])).text)
    expect(reply.branches).toBeUndefined()
  })

  it('reads the question without the picture, and with one token in its place', async () => {
    const { tokens, branches } = await ask('debias')
    const counts = branches!.map((branch) => [branch.tokens.text, branch.tokens.visual.after])
    expect(counts).toEqual([
      [tokens.text, 0],
      [tokens.text + 1, 0],
    ])
  })

  it('changes what is said, and sampling options act on what it leaves', async () => {
    const plain = await ask('dense')
    const debiased = await ask('debias:alpha=10,beta=0')
    expect(debiased.text).not.toBe(plain.text)
    expect((await ask('debias:alpha=10,beta=0', { temperature: 3, topK: 1 })).text).toBe(debiased.text)
  })

  it('takes pictures out of a raw prompt, too', async () => {
    const raw = { rawPrompt: true, maxTokens: 2 }
    const reply = await tiny.model.generate({
      prompt: '<image><user>is there a red star?<assistant>',
      images: [picture()],
      method: parseMethod('debias'),
      ...raw,
    })
    expect(reply.branches!.map(({ tokens }) => tokens.text - reply.tokens.text)).toEqual([0, 1])
  })

  it('refuses a token that the tokenizer does not know', async () => {
    await expect(ask('debias:unk=<nothing>')).rejects.toMatchObject({
      code: 'method_unfit',
      message: expect.stringContaining('the tokenizer knows none of <nothing>'),
    })
  })
})
