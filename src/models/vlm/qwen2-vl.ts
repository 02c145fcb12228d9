import { z } from 'zod'
import { FoveaError } from '../../errors.ts'
import type { RgbImage } from '../../media/image.ts'
import { clipFrames, type FrameSampler } from '../../media/video/sampling.ts'
import { assertOneSize, type Video } from '../../media/video.ts'
import { configError, parseConfig } from '../config.ts'
import { foldOutput } from '../connectors/fold-output.ts'
import { foldGrid } from '../connectors/fold-patches.ts'
import { type Architecture, family } from '../family.ts'
import { qwen2VlModel } from '../language/qwen2-vl.ts'
import type { PreprocessorConfig } from '../views/image-processor.ts'
import { type PixelRange, pixelRange, smartResize } from '../views/smart-resize.ts'
import { samplingDefaults, videoProcessor } from '../views/video-processor.ts'
import type { View } from '../views/view.ts'
import { mergeSquares, qwenVision } from '../vision/qwen2-vl.ts'
import { type QwenVisionConfig, qwen2VisionConfig, qwen25VisionConfig } from '../vision/qwen2-vl-config.ts'
import { fillingPatches } from '../vision-side.ts'

/**
 * Qwen2-VL (Wang et al., Enhancing Vision-Language Model's Perception of the World at Any Resolution, arXiv 2409.12191)
 * and Qwen2.5-VL (Bai et al., arXiv 2502.13923): images at nearly their own size, squares of patches merged into one token,
 * rotary positions of time, row and column.
 */
const schema = z.looseObject({
  model_type: z.enum(['qwen2_vl', 'qwen2_5_vl']),
  vision_config: z.looseObject({}),
  // older files keep the fields of the language model at the top
  text_config: z.looseObject({}).nullish(),
  image_token_id: z.int().nonnegative().default(151655),
  video_token_id: z.int().nonnegative().default(151656),
  tie_word_embeddings: z.boolean().default(false),
})

/** How images of a processor are sized. */
export interface NativeSize {
  readonly range: PixelRange
  readonly doResize: boolean
}

/** The whole image at the size that `smartResize` finds, or as it is; of several frames their areas count together. */
export function nativeView(
  image: RgbImage,
  { range, doResize }: NativeSize,
  together?: Parameters<typeof smartResize>[2],
): View {
  const { width, height } = doResize ? smartResize(image, range, together) : image
  if (width % range.factor === 0 && height % range.factor === 0) return { image, width, height }
  const message = `the image processor does not resize, and ${width}x${height} pixels are not whole squares of ${range.factor}`
  throw new FoveaError('image_size', 'input', message)
}

/**
 * As many frames as a patch is deep are one clip; the last frame is repeated where they do not come out even. Clips lie
 * apart as in time, in whole steps, or one step each.
 */
export function clipsOf(
  video: Video,
  { frames: depth, stepsPerSecond }: QwenVisionConfig,
  viewOf: (image: RgbImage) => View,
): View[] {
  assertOneSize(video)
  const { frames, framesPerSecond } = video
  const { width, height } = viewOf(frames[0])
  const interval = stepsPerSecond === undefined ? 1 : (stepsPerSecond * depth) / framesPerSecond
  return Array.from({ length: Math.ceil(frames.length / depth) }, (_, index): View => {
    const clip = Array.from({ length: depth }, (_, at) => frames[Math.min(index * depth + at, frames.length - 1)])
    return { image: clip[0], width, height, clip: { frames: clip, time: Math.floor(index * interval) } }
  })
}

/** Two frames a second, or as the file says, in whole clips. */
function clipSampler({ frames: depth }: QwenVisionConfig, processor: PreprocessorConfig | undefined): FrameSampler {
  const { min_frames: minFrames = 4, max_frames: maxFrames = 768 } = videoProcessor(processor)
  return clipFrames({ ...samplingDefaults(processor, { fps: 2 }), minFrames, maxFrames, depth })
}

/** What the files say twice must agree. */
export function assertFits(
  vision: QwenVisionConfig,
  textWidth: number,
  processor: PreprocessorConfig | undefined,
): void {
  const { patch_size = vision.patch, merge_size = vision.merge, temporal_patch_size = vision.frames } = processor ?? {}
  const faults = [
    ['patch_size', patch_size, vision.patch],
    ['spatial_merge_size', merge_size, vision.merge],
    ['temporal_patch_size', temporal_patch_size, vision.frames],
  ] as const
  for (const [field, wanted, given] of faults)
    if (wanted !== given)
      throw configError(`vision_config.${field}`, `is ${given}, the image processor is made for ${wanted}`)
  if (vision.out !== textWidth)
    throw configError('vision_config', `makes tokens of width ${vision.out}, the language model takes ${textWidth}`)
}

function bind(raw: unknown, processor?: PreprocessorConfig): Architecture {
  const config = parseConfig(schema, raw)
  const visionOf = config.model_type === 'qwen2_vl' ? qwen2VisionConfig : qwen25VisionConfig
  const vision = visionOf(config.vision_config, 'vision_config')
  const [text, part] = config.text_config ? [config.text_config, 'text_config'] : [config, '']
  const tie_word_embeddings = config.tie_word_embeddings || text.tie_word_embeddings
  const language = qwen2VlModel({ ...text, tie_word_embeddings }, part)
  assertFits(vision, language.hiddenSize, processor)
  const factor = vision.patch * vision.merge
  const doResize = processor?.do_resize ?? true
  const [still, moving] = [pixelRange(factor, processor), pixelRange(factor, videoProcessor(processor))]
  return {
    name: config.model_type,
    vision: {
      patchSize: factor,
      viewSize: factor,
      grid: (view) => fillingPatches(view, factor),
      encode: (p, pixels, stages) => {
        const { layers, grid, output, last } = qwenVision(p.at('visual'), vision, pixels, stages)
        const folded = foldOutput(output, last, grid, vision.merge)
        return { layers, grid: foldGrid(grid, vision.merge), special: 0, ...folded }
      },
      connect: (p, patches) => mergeSquares(p.at('visual', 'merger', 'mlp'), vision, patches),
    },
    prompt: {
      imageToken: config.image_token_id,
      views: (image) => [nativeView(image, { range: still, doResize })],
      video: {
        sampler: clipSampler(vision, processor),
        token: config.video_token_id,
        views: (video) => clipsOf(video, vision, (image) => nativeView(image, { range: moving, doResize })),
      },
    },
    language,
  }
}

/** Weights are named as in older files; newer ones put both parts below `model`. */
function weightName(name: string): string | undefined {
  const old = name.replace(/^model\.language_model\./, 'model.').replace(/^model\.visual\./, 'visual.')
  return /rotary_emb\.inv_freq$|rotary_pos_emb\.inv_freq$/.test(old) ? undefined : old
}

export const qwen2Vl = family({ id: 'qwen2-vl', modelTypes: ['qwen2_vl', 'qwen2_5_vl'], weightName, bind })
