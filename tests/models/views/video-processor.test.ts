import { describe, expect, it } from 'vitest'
import { parsePreprocessor } from '../../../src/models/views/image-processor.ts'
import { smolvlmVideo } from '../../../src/models/views/smolvlm-video.ts'
import { framePreprocessor, shiftedSampler } from '../../../src/models/views/video-processor.ts'
import { llavaOnevision } from '../../../src/models/vlm/llava-onevision.ts'

const image = { image_mean: [0.5, 0.5, 0.5], image_std: [0.25, 0.25, 0.25], resample: 3 }
const files = (video_processor?: object) =>
  parsePreprocessor({ ...image, ...(video_processor && { video_processor }) }, 'm')
const clip = { frames: 300, framesPerSecond: 30 }

describe('frames', () => {
  it('are resized and normalised as their own file says, or as images', () => {
    expect(framePreprocessor(files())).toMatchObject(image)
    const own = framePreprocessor(files({ image_mean: [0.1, 0.2, 0.3], resample: 2 }))
    expect(own).toMatchObject({ image_mean: [0.1, 0.2, 0.3], image_std: image.image_std, resample: 2 })
  })

  it.each([
    [undefined, [18, 56, 93, 131, 168, 206, 243, 281]],
    [{ num_frames: 2 }, [75, 225]],
    [{ fps: 0.2 }, [75, 225]],
    [{ num_frames: 2, initial_shift: false }, [0, 150]],
    [{ num_frames: 3, initial_shift: 7 }, [7, 107, 207]],
  ])('of InternVL are chosen by %j', (file, indices) => {
    expect(shiftedSampler(files(file), { frames: 8 })(clip, {})).toEqual(indices)
  })

  it('of SmolVLM2 are chosen by the sampling that its file names', () => {
    const sampler = (file: object) => smolvlmVideo(files(file), 16).sampler
    expect(sampler({})(clip, {})).toHaveLength(10)
    expect(sampler({ video_sampling: { fps: 2, max_frames: 64 } })(clip, {})).toHaveLength(20)
    expect(sampler({ video_sampling: { fps: 2, max_frames: 5 } })(clip, {})).toHaveLength(5)
    const inImageFile = parsePreprocessor({ ...image, video_sampling: { fps: 1, max_frames: 4 } }, 'm')
    expect(smolvlmVideo(inImageFile, 16).sampler(clip, {})).toHaveLength(4)
  })

  it('are as large as the file says, in squares', () => {
    const frame = { data: new Uint8Array(40 * 20 * 3), width: 40, height: 20 }
    const viewsOf = (file: object) =>
      smolvlmVideo(files(file), 16).views({ frames: [frame, frame], framesPerSecond: 1 })
    expect(viewsOf({}).map(({ width, height }) => [width, height])).toEqual([
      [16, 16],
      [16, 16],
    ])
    expect(viewsOf({ max_image_size: { longest_edge: 8 } })[0]).toMatchObject({ width: 8, height: 8 })
  })

  it('are 32 of LLaVA-OneVision where its file is silent', () => {
    const vision_config = {
      hidden_size: 8,
      intermediate_size: 8,
      num_hidden_layers: 1,
      num_attention_heads: 1,
      image_size: 8,
      patch_size: 4,
    }
    const text_config = {
      hidden_size: 8,
      intermediate_size: 8,
      num_hidden_layers: 1,
      num_attention_heads: 1,
      num_key_value_heads: 1,
      vocab_size: 9,
    }
    const config = { model_type: 'llava_onevision', vision_config, text_config, image_grid_pinpoints: [[8, 8]] }
    const sampler = llavaOnevision.bind(config, files()).prompt.video!.sampler
    expect(sampler(clip, {})).toHaveLength(32)
    expect(sampler({ frames: 9, framesPerSecond: 30 }, {})).toHaveLength(9)
  })

  it.each([
    [{ fps: 0 }, 'fps'],
    [{ num_frames: 1.5 }, 'num_frames'],
    [{ video_sampling: { fps: 'two' } }, 'video_sampling'],
  ])('are refused by %j', (file, field) => {
    const read = () => smolvlmVideo(files(file), 16)
    expect(read).toThrow(
      expect.objectContaining({ code: 'preprocessor_invalid', message: expect.stringContaining(field) }),
    )
  })
})
