import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildMethod } from '../../../src/papers/methods.ts'
import { withDescription, withoutDescription } from '../../../src/papers/training/stic/describe.ts'
import { preferenceLoss } from '../../../src/papers/training/stic/preference.ts'
import { stic } from '../../../src/papers/training/stic.ts'
import { picture, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

describe('describe and respond', () => {
  const method = buildMethod(stic, { describe: 'what is there?', tokens: 5 })

  it('answers the question behind the description, in two calls', async () => {
    const spoken: string[] = []
    const onText = (piece: string) => spoken.push(piece)
    const asked = { images: [picture()], maxTokens: 3, ignoreEos: true, onText }
    const reply = await tiny.model.generate({ ...asked, prompt: 'is it red?', method })
    expect(reply.calls).toHaveLength(2)
    const [description, answer] = reply.calls!.map(({ text }) => text)
    expect(reply.calls![0].tokens.generated).toBe(5)
    const plain = await tiny.model.generate({
      images: [picture()],
      maxTokens: 5,
      ignoreEos: true,
      prompt: 'what is there?',
    })
    expect(description).toBe(plain.text)
    const behind = await tiny.model.generate({
      ...asked,
      onText: undefined,
      prompt: withDescription('is it red?', description.trim()),
    })
    expect([answer, reply.text, spoken.join('')]).toEqual([behind.text, behind.text, behind.text])
    expect(reply.notes?.at(-1)).toMatchObject({ by: 'stic', note: { description } })
  })

  it('asks plainly where there is no picture', async () => {
    const reply = await tiny.model.generate({ prompt: 'is it red?', method, maxTokens: 3 })
    expect(reply.calls).toBeUndefined()
    expect(reply.text).toBe((await tiny.model.generate({ prompt: 'is it red?', maxTokens: 3 })).text)
  })

  it('stops when told to, between its calls too', async () => {
    const abort = new AbortController()
    abort.abort()
    const asked = tiny.model.generate({ prompt: 'a', images: [picture()], method, signal: abort.signal })
    expect((await asked).finishReason).toBe('aborted')
  })

  it('has a template that is undone to the byte', () => {
    for (const text of ['', 'what?', 'Image description:\nx\n\ny'])
      expect(withoutDescription(withDescription(text, 'x'), 'x')).toBe(text)
    expect(withoutDescription('what?', 'x')).toBe('what?')
  })
})

it('the loss of preferences is that of the example worked by hand', () => {
  const policy = { chosen: -100, rejected: -80 }
  expect(preferenceLoss(policy, policy, { alpha: 0 })).toBeCloseTo(Math.LN2)
  expect(preferenceLoss(policy, { chosen: -102, rejected: -79 })).toBeCloseTo(0.652, 3)
  expect(preferenceLoss(policy, { chosen: -102, rejected: -79 }, { beta: 0 })).toBeCloseTo(Math.LN2 + 100 / 1024)
})
