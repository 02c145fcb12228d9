/** The recipes of methods that act inside the language model: they run, every weight learns, and what they make answers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../src/papers/methods.ts'
import { withProjector } from '../../src/training/dialogue-stage.ts'
import { picture, type Tiny, tinyModel } from '../pipeline/tiny-model.ts'
import { runOnTiny } from './recipe-run.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

/** Options that are small, and those that an answer needs beside them. */
const RECIPES: readonly (readonly [train: string, use: string])[] = [
  ['v2pe:lora=2', 'v2pe:lora=2,delta=.125'],
  ['yopo:lora=2', 'yopo:lora=2'],
  ['yopo:lora=0', 'yopo:lora=0'],
  ['videollm-mod:lora=2', 'videollm-mod:lora=2,ratio=.5'],
  ['covlm:lora=2,width=8', 'covlm:lora=2,width=8'],
  ['nvlm:lora=2,tiles=1', 'nvlm:lora=2,tiles=1'],
  ['nvlm:form=cross,lora=2,every=2', 'nvlm:form=cross,lora=2,every=2'],
  ['notellm-2:lora=2,width=8', 'notellm-2:lora=2,width=8'],
  ['notellm-2:lora=0,prompt=basic,feature=mean', 'notellm-2:lora=0,prompt=basic,feature=mean'],
]

describe.each(RECIPES)('the recipe of %s', (train, use) => {
  it('has finite losses, reaches every weight, and its adapter answers', async () => {
    const { losses, untouched, weights, adapter } = await runOnTiny(tiny.model, train)
    const id = train.split(':')[0]
    for (const stage of losses) {
      expect(stage).toHaveLength(3)
      for (const step of stage) expect(Object.values(step).every(Number.isFinite)).toBe(true)
    }
    expect(untouched).toEqual([])
    expect(weights.length).toBeGreaterThan(0)
    expect(weights.filter((name) => !name.startsWith(`method.${id}.`)).every(withProjector)).toBe(true)
    const method = parseMethod(`${use},weights=${adapter}`)
    const asked = { prompt: 'is there a star?', images: [picture()], maxTokens: 4, ignoreEos: true }
    if (method.read?.heads?.embedding) {
      const vector = await tiny.model.embed({ ...asked, method })
      expect(vector.reduce((total, x) => total + x * x, 0)).toBeCloseTo(1, 4)
      return
    }
    const reply = await tiny.model.generate({ ...asked, method })
    expect(reply.tokens.generated).toBeGreaterThan(0)
    expect(reply.text).not.toBe('')
  })
})
