import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../../src/checkpoints/open-checkpoint.ts'
import { internvlChat } from '../../../src/models/vlm/internvl-chat.ts'
import { createChatTemplate } from '../../../src/text/chat-template.ts'

const folder = new URL('../../fixtures/families/internvl-chat', import.meta.url).pathname
const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))

describe('InternVL with code of its own', () => {
  it('has other names for the same weights', async () => {
    const { tensors } = await openCheckpoint(folder)
    const names = [...tensors.keys()].map((stored) => internvlChat.weightName!(stored)!)
    expect(new Set(names).size).toBe(tensors.size)
    expect(names.map((name) => internvlChat.weightName!(name))).toEqual(names)
    expect(names).toContain('vision_tower.encoder.layer.2.attention.qkv.weight')
    expect(names).toContain('multi_modal_projector.linear_2.bias')
  })

  it('writes prompts as the template that config.json names', () => {
    const { template } = internvlChat.bind({ ...config, template: 'internvl2_5' }).prompt
    const content = [{ type: 'image' as const }, { type: 'text' as const, text: 'what is this?' }]
    const prompt = createChatTemplate(template!).render([{ role: 'user', content }])
    expect(prompt).toMatch(/^<\|im_start\|>system\n你是书生·万象，.*<\|im_end\|>\n<\|im_start\|>user\n/)
    expect(prompt).toMatch(/<IMG_CONTEXT>\nwhat is this\?<\|im_end\|>\n<\|im_start\|>assistant\n$/)
  })

  it.each([
    [{ template: 'Hermes-2' }, /template: "Hermes-2" is not supported; supported: internvl2_5/],
    [{ ps_version: 'v1' }, /ps_version: only the order of patches "v2" is supported/],
    [{ use_thumbnail: false }, /use_thumbnail: an image that was cut is always followed by the whole of it/],
    [{ llm_config: { model_type: 'internlm2' } }, /"internlm2" is not supported/],
  ])('is refused by name where it is another: %j', (change, message) => {
    expect(() => internvlChat.bind({ ...config, ...change })).toThrow(message)
  })

  it('cuts images as its own config says', () => {
    const image = { width: 64, height: 16, data: new Uint8Array(64 * 16 * 3) }
    const processor = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] } as never
    const viewsOf = (change: object) =>
      internvlChat.bind({ ...config, ...change }, processor).prompt.views(image).length
    expect(viewsOf({})).toBe(5)
    expect(viewsOf({ max_dynamic_patch: 2 })).toBe(3)
    expect(viewsOf({ dynamic_image_size: false })).toBe(1)
  })
})
