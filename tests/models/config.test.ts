import { describe, expect, it } from 'vitest'
import { ignoredWeights } from '../../src/models/family.ts'
import { languageOf } from '../../src/models/language/languages.ts'
import { parsePreprocessor, singleView } from '../../src/models/views/image-processor.ts'
import { visionTowerOf } from '../../src/models/vision/towers.ts'
import { idefics3 } from '../../src/models/vlm/idefics3.ts'
import { llava } from '../../src/models/vlm/llava.ts'

const small = { hidden_size: 8, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2 }
const vision = { ...small, image_size: 8, patch_size: 4 }
const text = { ...small, num_key_value_heads: 1, vocab_size: 10 }
const config = { model_type: 'llava', vision_config: vision, text_config: text }
const invalid = (message: string) =>
  expect.objectContaining({ code: 'config_invalid', message: `config.json: ${message}` })

describe('a config that does not fit', () => {
  it.each([
    [
      'rwkv',
      {},
      'text_config.model_type: "rwkv" is not supported; supported: gemma, gemma2, gemma3_text, llama, mistral, opt, phi3, qwen2, qwen3, t5',
    ],
    ['qwen2', { layer_types: ['full_attention', 'full_attention'] }, 'text_config.layer_types: 2 types for 1 layers'],
    [
      'llama',
      { rope_scaling: { type: 'longrope', factor: 2 } },
      'text_config.rope_scaling.short_factor: needs 2 numbers, has 0',
    ],
    [
      'llama',
      { rope_parameters: { rope_type: 'dynamic' } },
      'text_config.rope_parameters.factor: Invalid input: expected number, received undefined',
    ],
    ['gemma2', { layer_types: ['full_attention', 'full_attention'] }, 'text_config.layer_types: 2 types for 1 layers'],
    [
      'phi3',
      { rope_scaling: { type: 'su', short_factor: [1, 1], long_factor: [1] } },
      'text_config.rope_scaling.long_factor: needs 2 numbers, has 1',
    ],
    [
      'phi3',
      { rope_scaling: { type: 'linear', factor: 2 } },
      'text_config.rope_scaling: rotary positions of type "linear" are not supported',
    ],
    ['phi3', { partial_rotary_factor: 0.3 }, 'text_config.partial_rotary_factor: 1 numbers cannot be rotated'],
    ['llama', { num_key_value_heads: 3 }, 'text_config.num_key_value_heads: 3 does not divide 2 heads'],
    [
      'llama',
      { num_attention_heads: 3, num_key_value_heads: 3 },
      'text_config.num_attention_heads: 3 does not divide hidden_size 8',
    ],
  ])('%s %j is refused by name', (model_type, more, message) => {
    expect(() => languageOf({ ...text, model_type, ...more }, 'text_config')).toThrow(invalid(message))
  })

  it('names the encoder and its fields', () => {
    expect(() => visionTowerOf({ ...vision, patch_size: 9 }, 'vision_config')).toThrow(
      invalid('vision_config.patch_size: 9 is more than image_size 8'),
    )
    const siglip = { ...config, vision_config: { ...vision, model_type: 'siglip_vision_model' } }
    expect(() => llava.bind(siglip)).toThrow(/"default" drops a CLS token, this encoder has none; use "full"/)
    expect(() => idefics3.bind({ ...config, model_type: 'smolvlm', scale_factor: 3 })).toThrow(
      invalid('scale_factor: 3 x 3 patches of 4 do not fill views of 8 pixels'),
    )
  })
})

it('the image token goes by either of its names', () => {
  expect(llava.bind({ ...config, image_token_id: 7 }).prompt.imageToken).toBe(7)
  expect(llava.bind({ ...config, image_token_id: 7, image_token_index: 8 }).prompt.imageToken).toBe(8)
  expect(llava.bind(config).prompt.imageToken).toBe(32000)
})

describe('weights that are not needed', () => {
  it('are those of pooling, and the output layer where embeddings are tied, at the top or in text_config', () => {
    const untied = ['vision_tower.vision_model.post_layernorm.']
    const tied = [...untied, 'language_model.lm_head.']
    expect(ignoredWeights(llava.bind(config))).toEqual(untied)
    expect(ignoredWeights(llava.bind({ ...config, tie_word_embeddings: true }))).toEqual(tied)
    const inText = { ...config, text_config: { ...text, tie_word_embeddings: true } }
    expect(ignoredWeights(llava.bind(inText))).toEqual(tied)
  })
})

describe('one view of an image', () => {
  const image = { width: 5, height: 3, data: Uint8Array.from({ length: 45 }, (_, at) => at) }
  const mean = [0.5, 0.5, 0.5]
  const processor = (more: object) => parsePreprocessor({ image_mean: mean, image_std: mean, ...more }, 'model')

  it('is the middle of the image, scaled by its shorter side', () => {
    const view = singleView(image, processor({ size: { shortest_edge: 3 }, do_center_crop: true, crop_size: 3 }), 3)
    expect(view).toMatchObject({ width: 3, height: 3 })
    expect([...view.image.data.subarray(0, 9)]).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  it('is the whole image at a fixed size', () => {
    expect(singleView(image, processor({ size: { height: 4, width: 6 } }), 8)).toMatchObject({
      image,
      width: 6,
      height: 4,
    })
    expect(singleView(image, undefined, 8)).toMatchObject({ image, width: 8, height: 8 })
  })

  it('is cut out of the image as it is, or after it was resized to another size', () => {
    const cut = { do_center_crop: true, crop_size: { height: 1, width: 3 } }
    const asItIs = singleView(image, processor({ ...cut, do_resize: false }), 8)
    expect([...asItIs.image.data]).toEqual([18, 19, 20, 21, 22, 23, 24, 25, 26])
    const resized = singleView(image, processor({ ...cut, size: { height: 1, width: 5 }, resample: 4 }), 8)
    expect([...resized.image.data]).toEqual([18, 19, 20, 21, 22, 23, 24, 25, 26])
  })

  it("is made square with the mean colour by LLaVA's processor, and by no other", () => {
    const padded = { do_pad: true, size: { height: 5, width: 5 } }
    const llavas = singleView(image, processor({ ...padded, image_processor_type: 'LlavaImageProcessor' }), 5)
    expect([...llavas.image.data]).toEqual([...new Array(15).fill(127), ...image.data, ...new Array(15).fill(127)])
    expect(singleView(image, processor({ ...padded, image_processor_type: 'CLIPImageProcessor' }), 5).image).toBe(image)
  })

  it('needs a mean and a deviation per channel', () => {
    expect(() => parsePreprocessor({ image_mean: mean }, 'model')).toThrow(
      expect.objectContaining({ code: 'preprocessor_invalid', message: expect.stringContaining('image_std') }),
    )
  })
})
