/** What a checkpoint's file says of the frames that a model is to see: video_preprocessor_config.json, or its like. */
import { z } from 'zod'
import { evenFrames, type FrameSampler, middleFrames, type SamplingDefaults } from '../../media/video/sampling.ts'
import { frameFields, type PreprocessorConfig, parsed, pixelSchema } from './image-processor.ts'

const { image_mean, image_std, resample, size, min_pixels, max_pixels, max_image_size } = pixelSchema.shape
const schema = z.object({
  ...frameFields,
  size,
  min_pixels,
  max_pixels,
  max_image_size,
  resample,
  image_mean: image_mean.nullish(),
  image_std: image_std.nullish(),
})

export type VideoProcessor = z.output<typeof schema>

/**
 * The settings of the file for videos, or without one of that for images; what it leaves out is undefined. Throws
 * FoveaError `preprocessor_invalid` naming the field that does not fit.
 */
export const videoProcessor = (config: PreprocessorConfig | undefined): VideoProcessor =>
  parsed(schema, config?.video_processor ?? config ?? {}, 'video_preprocessor_config.json')

/** How pixels of frames are resized and normalised: as the file for videos says, and where it is silent as images. */
export function framePreprocessor(config: PreprocessorConfig): PreprocessorConfig {
  const { resample, image_mean, image_std } = videoProcessor(config)
  return {
    ...config,
    resample: resample ?? config.resample,
    image_mean: image_mean ?? config.image_mean,
    image_std: image_std ?? config.image_std,
  }
}

/** What the file says of the number of frames: a number, or else a rate, or else the usual number. */
export function samplingDefaults(config: PreprocessorConfig | undefined, usual: SamplingDefaults): SamplingDefaults {
  const { num_frames, fps } = videoProcessor(config)
  if (num_frames !== undefined) return { frames: num_frames }
  return fps === undefined ? usual : { fps }
}

/** Evenly spread frames, from the middle of the first part on unless the file says another place. */
export function shiftedSampler(config: PreprocessorConfig | undefined, usual: SamplingDefaults): FrameSampler {
  const defaults = samplingDefaults(config, usual)
  const { initial_shift: shift = true } = videoProcessor(config)
  if (shift === true) return middleFrames(defaults)
  return evenFrames(defaults, Number(shift))
}
