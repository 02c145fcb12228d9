import { afterAll, beforeAll, expect, it } from 'vitest'
import { likeliest, scoreTexts } from '../../../src/papers/reports/score-texts.ts'
import { picture, prefill, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

it('sums the log-probabilities of the tokens of an answer, by the prompt and what was said before', async () => {
  const asked = { prompt: 'what is it?', images: [picture()] }
  const [red, both] = await scoreTexts(tiny.model, asked, ['red', 'red ring'])
  const { logits } = await prefill(tiny.model, asked)
  const total = logits.reduce((sum, x) => sum + Math.exp(x), 0)
  const [id] = tiny.model.parts.tokenizer.encode('red')
  if (red.tokens === 1) expect(red.sum).toBeCloseTo(logits[id] - Math.log(total), 4)
  expect(both.tokens).toBeGreaterThan(red.tokens)
  expect(both.sum).toBeLessThan(red.sum) // what goes on is less likely than its beginning
  const again = await scoreTexts(tiny.model, asked, ['red ring', 'red'])
  expect(again).toEqual([both, red])
})

it('takes the likeliest by sum or by mean', () => {
  const scores = [
    { sum: -3, tokens: 1 },
    { sum: -4, tokens: 4 },
    { sum: -3, tokens: 1 },
  ]
  expect([likeliest(scores), likeliest(scores, 'mean')]).toEqual([0, 1])
})
