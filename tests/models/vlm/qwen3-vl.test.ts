import { describe, expect, it } from 'vitest'
import { inTurn } from '../../../src/models/language/qwen3-vl.ts'
import { parsePreprocessor } from '../../../src/models/views/image-processor.ts'
import { spanningMatrix } from '../../../src/models/vision/positions.ts'
import { qwen3Vl, tenths, timedClips } from '../../../src/models/vlm/qwen3-vl.ts'

const text = {
  vocab_size: 10,
  hidden_size: 32,
  intermediate_size: 16,
  num_hidden_layers: 3,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  head_dim: 16,
  rope_scaling: { rope_type: 'default', mrope_section: [4, 2, 2], mrope_interleaved: true },
}
const vision = {
  depth: 3,
  hidden_size: 32,
  out_hidden_size: 32,
  num_heads: 2,
  patch_size: 4,
  num_position_embeddings: 16,
  deepstack_visual_indexes: [0, 2],
}
const config = { model_type: 'qwen3_vl', text_config: text, vision_config: vision }
const picture = (width: number, height: number) => ({ width, height, data: new Uint8Array(width * height * 3) })
const invalid = (message: string) =>
  expect.objectContaining({ code: 'config_invalid', message: `config.json: ${message}` })

describe('config.json', () => {
  it('says what follows early layers of the language model', () => {
    const { vision: side, language } = qwen3Vl.bind(config)
    expect(side).toMatchObject({ patchSize: 8, deepLayers: 2 })
    expect(language).toMatchObject({ layers: 3, positionAxes: 3, heads: { count: 2, keyValue: 1, width: 16 } })
  })

  it.each([
    [
      { vision_config: { ...vision, deepstack_visual_indexes: [3] } },
      'vision_config.deepstack_visual_indexes: there is no layer 3; the encoder has 3',
    ],
    [
      { vision_config: { ...vision, num_position_embeddings: 17 } },
      'vision_config.num_position_embeddings: 17 positions are no square',
    ],
    [
      { vision_config: { ...vision, deepstack_visual_indexes: [0, 1, 2, 2] } },
      'vision_config.deepstack_visual_indexes: 4 layers for the 3 of the language model',
    ],
    [
      { vision_config: { ...vision, out_hidden_size: 48 } },
      'vision_config: makes tokens of width 48, the language model takes 32',
    ],
    [
      { text_config: { ...text, rope_scaling: { mrope_section: [2, 2, 2] } } },
      'text_config.rope_scaling.mrope_section: [2,2,2] deals out 6 pairs, a head has 8',
    ],
  ])('is refused where it does not fit: %j', (wrong, message) => {
    expect(() => qwen3Vl.bind({ ...config, ...wrong })).toThrow(invalid(message))
  })
})

describe('inTurn', () => {
  it('gives every third pair to rows and to columns while they have some left, and time the rest', () => {
    expect(inTurn([4, 2, 2])).toEqual([0, 1, 2, 0, 1, 2, 0, 0])
    const published = inTurn([24, 20, 20])
    expect([0, 1, 2].map((axis) => published.filter((each) => each === axis).length)).toEqual([24, 20, 20])
    expect(published.slice(57)).toEqual([0, 1, 2, 0, 0, 0, 0])
  })
})

describe('spanningMatrix', () => {
  it('lays the first and the last on each other', () => {
    expect([...spanningMatrix(3, 2)]).toEqual([1, 0, 0, 0, 0, 1])
    expect([...spanningMatrix(2, 3)]).toEqual([1, 0, 0.5, 0.5, 0, 1])
    expect([...spanningMatrix(3, 1)]).toEqual([1, 0, 0])
  })
})

describe('a video', () => {
  const frames = (count: number, width = 24, height = 16) => Array.from({ length: count }, () => picture(width, height))
  const block = '<|vision_start|><|image_pad|><|vision_end|>'

  it('is written as clips behind the times of their middles, of the last frame alone where one is left', () => {
    const video = { frames: frames(3), framesPerSecond: 2 }
    expect(timedClips(video, 2)).toBe(`<0.2 seconds>${block}<1.0 seconds>${block}`)
    expect(timedClips({ ...video, timestamps: [1, 4.1, 9] }, 2)).toBe(`<2.5 seconds>${block}<9.0 seconds>${block}`)
  })

  it.each([
    [0.25, '0.2'],
    [0.75, '0.8'],
    [0.35, '0.3'],
    [12.04, '12.0'],
    [100.25, '100.2'],
  ])('has the time %d written as Python does', (seconds, written) => {
    expect(tenths(seconds)).toBe(written)
  })

  it('is sized so that all frames together are within the range', () => {
    const raw = { image_mean: [0, 0, 0], image_std: [1, 1, 1], patch_size: 4, merge_size: 2 }
    const video_processor = { size: { shortest_edge: 64, longest_edge: 1200 } }
    const { video } = qwen3Vl.bind(config, parsePreprocessor({ ...raw, video_processor }, 'model')).prompt
    const sizes = (count: number) =>
      video!.views({ frames: frames(count), framesPerSecond: 1 }).map(({ width, height }) => [width, height])
    expect(sizes(2)).toEqual([[24, 16]])
    expect(sizes(4)).toEqual([
      [16, 8],
      [16, 8],
    ])
  })
})
