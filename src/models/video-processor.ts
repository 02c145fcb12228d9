/** What a checkpoint's file says of the frames that a model is to see: video_preprocessor_config.json, or its like. */
import { z } from 'zod'
import type { SamplingDefaults } from '../media/video/sampling.ts'
import { optional, type PreprocessorConfig, parsed } from './image-processor.ts'

const count = optional(z.int().positive())
const rate = optional(z.number().positive())

const schema = z.object({
  num_frames: count,
  fps: rate,
  min_frames: count,
  max_frames: count,
})

/** Fields that the file leaves out are undefined. Throws FoveaError `preprocessor_invalid` naming the field that does not fit. */
export const videoProcessor = (config: PreprocessorConfig | undefined): z.output<typeof schema> =>
  parsed(schema, config?.video_processor ?? {}, 'video_preprocessor_config.json')

/** What the file says of the number of frames: a number, or else a rate, or else the usual number. */
export function samplingDefaults(config: PreprocessorConfig | undefined, usual: SamplingDefaults): SamplingDefaults {
  const { num_frames, fps } = videoProcessor(config)
  if (num_frames !== undefined) return { frames: num_frames }
  return fps === undefined ? usual : { fps }
}
