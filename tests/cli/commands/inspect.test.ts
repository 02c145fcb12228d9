import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSafetensors } from '../../../src/checkpoints/safetensors.ts'
import { fovea, temporaryFolder } from '../fovea.ts'
import { TINY_PATCHES, writeTinyModel } from '../tiny-model.ts'

describe('fovea inspect', () => {
  it('counts parameters, FLOPs and ops of the programs that run', async () => {
    const model = await writeTinyModel(temporaryFolder())
    const [text, json, reduced] = await Promise.all([
      fovea('inspect', model, '--graph'),
      fovea('inspect', model, '--json'),
      fovea('inspect', model, '--json', '--method', 'fastv:layer=1,keep=.25'),
    ])
    expect(text.stdout).toMatch(/language_model +3 +[\d,]+\n/)
    expect(text.stdout).toMatch(/matmul +\d+ +\d+\n/)
    const found = JSON.parse(json.stdout)
    const { tensors } = await openSafetensors(join(model, 'model.safetensors'))
    const used = [...tensors].filter(([name]) => !name.includes('post_layernorm')).map(([, tensor]) => tensor)
    const stored = used.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
    expect(found.parts.reduce((sum: number, part: { parameters: number }) => sum + part.parameters, 0)).toBe(stored)
    expect(found).toMatchObject({ layers: 3, visualTokens: { before: TINY_PATCHES, given: TINY_PATCHES } })
    const { stages } = JSON.parse(reduced.stdout)
    expect(stages.prefill.flops).toBeLessThan(found.stages.prefill.flops)
    expect(stages['decode, per token'].flops).toBeLessThan(found.stages['decode, per token'].flops)
    expect(stages.vision.flops).toBe(found.stages.vision.flops)
  })

  it('says which costs only a picture decides', async () => {
    const args = ['inspect', '--method', 'videollm-mod']
    const [text, json] = await Promise.all([fovea(...args), fovea(...args, '--json')])
    expect(text.stdout).toMatch(/prefill +as the picture asks/)
    const { stages } = JSON.parse(json.stdout)
    expect(stages).toMatchObject({ prefill: null, 'decode, per token': null })
    expect(stages.vision.flops).toBeGreaterThan(0)
  })
})
