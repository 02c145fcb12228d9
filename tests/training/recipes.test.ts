/** The recipes of methods that act inside the language model: they run, every weight learns, and what they make answers. */
import { describe, expect, it } from 'vitest'
import { trainTiny } from '../papers/trained.ts'

interface Training {
  readonly method: string
  readonly stages: readonly string[]
  readonly use?: string
  readonly scenes?: number
}

const RECIPES: readonly Training[] = [
  { method: 'v2pe:lora=2', stages: ['tune'], use: ',delta=.125' },
  { method: 'yopo:lora=2', stages: ['tune'] },
  { method: 'yopo:lora=0', stages: [] },
  { method: 'videollm-mod:lora=2', stages: ['route'], use: ',ratio=.5' },
  { method: 'covlm:lora=2,width=8', stages: ['ground'], scenes: 32 },
  { method: 'nvlm:lora=2,tiles=1', stages: ['align', 'tune'] },
  { method: 'nvlm:form=cross,lora=2,every=2', stages: ['align', 'tune'] },
  { method: 'explain-compress', stages: ['predict'], use: ',keep=.25' },
  { method: 'nvlm:form=hybrid,lora=2,every=2', stages: ['align', 'tune'] },
  { method: 'notellm-2:lora=2,width=8', stages: ['pairs'] },
  { method: 'notellm-2:lora=0,prompt=basic,feature=mean', stages: ['pairs'] },
]

describe.each(RECIPES)('the recipe of $method', ({ method, stages, use, scenes }) => {
  it('has finite losses, reaches every weight, and its adapter answers', async () => {
    const run = await trainTiny(method, stages, { use, scenes })
    for (const stage of stages) {
      expect(run.losses[stage]).toHaveLength(3)
      expect(run.losses[stage].every(Number.isFinite)).toBe(true)
      expect(run.trained[stage].length).toBeGreaterThan(0)
    }
    expect(Object.values(run.unreached).flat()).toEqual([])
    expect(run.weights).toBeGreaterThan(0)
    expect(run.text).not.toBe('')
    if (run.embedding) expect(Math.hypot(...run.embedding)).toBeCloseTo(1, 4)
  })
})
