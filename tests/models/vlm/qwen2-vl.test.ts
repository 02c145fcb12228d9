import { describe, expect, it } from 'vitest'
import { ignoredWeights } from '../../../src/models/family.ts'
import { parsePreprocessor } from '../../../src/models/views/image-processor.ts'
import { qwen2Vl } from '../../../src/models/vlm/qwen2-vl.ts'

const text = {
  vocab_size: 10,
  hidden_size: 32,
  intermediate_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  rope_scaling: { type: 'mrope', mrope_section: [2, 3, 3] },
}
const vision = { depth: 1, embed_dim: 32, hidden_size: 32, num_heads: 2, patch_size: 4 }
const flat = { model_type: 'qwen2_vl', ...text, vision_config: vision }
const image = { width: 30, height: 17, data: new Uint8Array(30 * 17 * 3) }
const channels = { image_mean: [0, 0, 0], image_std: [1, 1, 1] }
const invalid = (message: string) =>
  expect.objectContaining({ code: 'config_invalid', message: `config.json: ${message}` })

describe('config.json', () => {
  it('may hold the language model at the top or in a part of its own', () => {
    const { rope_scaling, ...fields } = text
    const rope_parameters = { rope_type: 'default', rope_theta: 1e4, mrope_section: rope_scaling.mrope_section }
    const parts = { model_type: 'qwen2_vl', text_config: { ...fields, rope_parameters }, vision_config: vision }
    for (const config of [flat, parts])
      expect(qwen2Vl.bind(config).language).toMatchObject({
        layers: 1,
        hiddenSize: 32,
        vocabulary: 10,
        positionAxes: 3,
      })
  })

  it('ties embeddings by a field at the top or in the part', () => {
    const tied = { tie_word_embeddings: true }
    const parts = { model_type: 'qwen2_vl', text_config: { ...text, ...tied }, vision_config: vision }
    expect(ignoredWeights(qwen2Vl.bind(flat))).toEqual([])
    for (const config of [{ ...flat, ...tied }, parts])
      expect(ignoredWeights(qwen2Vl.bind(config))).toEqual(['lm_head.'])
  })

  it.each([
    [
      { rope_scaling: { type: 'mrope', mrope_section: [2, 3] } },
      'rope_scaling.mrope_section: [2,3] deals out 5 pairs, a head has 8',
    ],
    [{ rope_scaling: { type: 'mrope' } }, 'rope_scaling.mrope_section: [16,24,24] deals out 64 pairs, a head has 8'],
    [
      { rope_scaling: { type: 'dynamic', factor: 2, mrope_section: [2, 3, 3] } },
      'rope_scaling: rotary positions of type "dynamic" are not supported where they have several axes',
    ],
    [{ num_key_value_heads: 3 }, 'num_key_value_heads: 3 does not divide 2 heads'],
    [
      { vision_config: { ...vision, hidden_size: 48 } },
      'vision_config: makes tokens of width 48, the language model takes 32',
    ],
    [
      { vision_config: { ...vision, num_heads: 16 } },
      'vision_config.num_heads: 16 heads of width 32 cannot turn by rows and columns',
    ],
    [
      { model_type: 'qwen2_5_vl', vision_config: { ...vision, out_hidden_size: 32, window_size: 7 } },
      'vision_config.window_size: 7 pixels are less than one visual token',
    ],
  ])('%j is refused by name', (more, message) => {
    expect(() => qwen2Vl.bind({ ...flat, ...more })).toThrow(invalid(message))
  })

  it('must agree with the image processor', () => {
    const processor = parsePreprocessor({ ...channels, patch_size: 14 }, 'model')
    expect(() => qwen2Vl.bind(flat, processor)).toThrow(
      invalid('vision_config.patch_size: is 4, the image processor is made for 14'),
    )
  })
})

describe('the view of an image', () => {
  const viewOf = (more: object) =>
    qwen2Vl.bind(flat, parsePreprocessor({ ...channels, ...more }, 'model')).prompt.views(image)

  it('has nearly the size of the image', () => {
    expect(viewOf({ min_pixels: 64, max_pixels: 4096 })).toEqual([{ image, width: 32, height: 16 }])
  })

  it('is refused where the processor does not resize and the image does not fit', () => {
    expect(() => viewOf({ do_resize: false })).toThrow(expect.objectContaining({ code: 'image_size', kind: 'input' }))
  })
})

describe('names of weights', () => {
  const nameOf = (name: string) => qwen2Vl.weightName?.(name)

  it.each([
    ['model.language_model.layers.0.mlp.up_proj.weight', 'model.layers.0.mlp.up_proj.weight'],
    ['model.visual.blocks.0.norm1.weight', 'visual.blocks.0.norm1.weight'],
    ['lm_head.weight', 'lm_head.weight'],
    ['visual.rotary_pos_emb.inv_freq', undefined],
  ])('%s is %s', (stored, name) => {
    expect(nameOf(stored)).toBe(name)
    if (name) expect(nameOf(name)).toBe(name)
  })
})
