import { describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/checkpoints/open-checkpoint.ts'
import { gemma3 } from '../../src/models/vlm/gemma3.ts'
import { internvl } from '../../src/models/vlm/internvl.ts'
import { llava } from '../../src/models/vlm/llava.ts'
import { paligemma } from '../../src/models/vlm/paligemma.ts'

const families = { internvl, paligemma, paligemma2: paligemma, gemma3, llava }
const fixture = (name: string) => new URL(`../fixtures/families/${name}`, import.meta.url).pathname

/** A name as files from before the split of class and head have it -> as files from after it have it. */
const newer = (name: string): string =>
  name
    .replace(/^language_model\.model\./, 'model.language_model.')
    .replace(/^language_model\.lm_head\./, 'lm_head.')
    .replace(/^(vision_tower|multi_modal_projector)\./, 'model.$1.')

describe.each(Object.entries(families))('weight names of %s', (name, { weightName }) => {
  it('mean the same in old and new files, and stay what they are', async () => {
    const { tensors } = await openCheckpoint(fixture(name))
    for (const stored of tensors.keys()) {
      const known = weightName!(stored)!
      expect(weightName!(newer(stored))).toBe(known)
      expect(weightName!(known)).toBe(known)
    }
    expect(new Set([...tensors.keys()].map((stored) => weightName!(stored))).size).toBe(tensors.size)
  })
})

it('an encoder may stand one step deeper', () => {
  const name = 'vision_tower.vision_model.post_layernorm.weight'
  expect(paligemma.weightName!(name)).toBe(paligemma.weightName!('vision_tower.post_layernorm.weight'))
})
