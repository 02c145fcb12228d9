import { describe, expect, it } from 'vitest'
import { choiceItems, choiceTexts, chooseOption, imagesOf, PLANTED } from '../../src/evaluation/choices.ts'
import { withNullModel } from '../../src/evaluation/null-model.ts'

const key = { split: 'test', seed: 5 } as const

describe('questions with options about the World', () => {
  it('are half planted, of every kind alike, and the same every time', () => {
    const texts = choiceTexts(key, 16)
    expect(texts).toHaveLength(32)
    for (const kind of PLANTED) expect(texts.filter(({ planted }) => planted === kind)).toHaveLength(4)
    expect(choiceTexts(key, 16)).toEqual(texts)
    expect(choiceTexts({ ...key, split: 'train' }, 16)).not.toEqual(texts)
    expect(choiceItems(key, 2).map(({ image: _, ...text }) => text)).toEqual(texts.slice(0, 4))
  })

  it('are answered by the option that is said, or is likeliest to begin', () =>
    withNullModel(1, async (model) => {
      const [item] = choiceItems(key, 1)
      const { text } = await model.generate({ prompt: item.question, images: [item.image], maxTokens: 4 })
      const word = text.trim().toLowerCase()
      const said = { ...item, options: ['x1', word, 'x2', 'x3'] }
      expect(await chooseOption(model, said, 'image')).toBe(1)
      let logits = new Float32Array(0)
      const onPrefill = (_: readonly number[], last: Float32Array) => {
        logits = last.slice()
      }
      await model.generate({ prompt: item.question, maxTokens: 0, onPrefill })
      const options = ['red', 'blue', 'green', 'pink']
      const scores = options.map((option) => logits[model.parts.tokenizer.encode(option)[0]])
      expect(await chooseOption(model, { ...item, options }, 'nothing')).toBe(scores.indexOf(Math.max(...scores)))
    }))

  it('are shown with the image, a gray one of its size, or none', () => {
    const [{ image }] = choiceItems(key, 1)
    expect(imagesOf(image, 'image')).toEqual([image])
    expect(imagesOf(image, 'nothing')).toEqual([])
    const [gray] = imagesOf(image, 'gray')
    expect([gray.width, gray.height, new Set(gray.data)]).toEqual([image.width, image.height, new Set([128])])
  })
})
