import { z } from 'zod'
import { type FrameSampler, nearestFrames } from '../../media/video/sampling.ts'
import { timestampsOf, type Video } from '../../media/video.ts'
import { roundHalfEven } from '../../tensor/round-half-even.ts'
import { configError, parseConfig } from '../config.ts'
import { type Architecture, family } from '../family.ts'
import { qwen3VlModel } from '../language/qwen3-vl.ts'
import type { PreprocessorConfig } from '../views/image-processor.ts'
import { pixelRange } from '../views/smart-resize.ts'
import { samplingDefaults, videoProcessor } from '../views/video-processor.ts'
import { mergeSquares } from '../vision/qwen2-vl.ts'
import type { QwenVisionConfig } from '../vision/qwen2-vl-config.ts'
import { qwen3Vision, qwen3VisionConfig } from '../vision/qwen3-vl.ts'
import { fillingPatches } from '../vision-side.ts'
import { assertFits, clipsOf, nativeView } from './qwen2-vl.ts'

/**
 * Qwen3-VL (Bai et al., arXiv 2511.21631), the dense ones: as Qwen2-VL, with learnt positions in the encoder, more of what it
 * saw behind the first layers of the language model (DeepStack), and the times of a video written as text.
 */
const schema = z.object({
  model_type: z.literal('qwen3_vl'),
  vision_config: z.looseObject({}).default({}),
  text_config: z.looseObject({ tie_word_embeddings: z.boolean().optional() }).default({}),
  image_token_id: z.int().nonnegative().default(151655),
  video_token_id: z.int().nonnegative().default(151656),
  tie_word_embeddings: z.boolean().default(false),
})

/** Two frames a second, or as the file says. */
function sampler(processor: PreprocessorConfig | undefined): FrameSampler {
  const { min_frames: minFrames = 4, max_frames: maxFrames = 768 } = videoProcessor(processor)
  return nearestFrames({ ...samplingDefaults(processor, { fps: 2 }), minFrames, maxFrames })
}

/** To tenths; what lies in the middle of two goes to the even one, as Python writes it. */
export function tenths(seconds: number): string {
  const isBetween = Math.abs(seconds * 4) % 2 === 1 // of all such numbers, only quarters are exact
  return (isBetween ? roundHalfEven(seconds * 10) / 10 : seconds).toFixed(1)
}

/** Each clip behind the time in the middle of its first and last frame. */
export function timedClips(video: Video, depth: number): string {
  const times = timestampsOf(video)
  const clips = Math.ceil(times.length / depth)
  const middles = Array.from({ length: clips }, (_, clip) => {
    const [first, last] = [clip * depth, Math.min(clip * depth + depth, times.length) - 1]
    return (times[first] + times[last]) / 2
  })
  return middles.map((time) => `<${tenths(time)} seconds><|vision_start|><|image_pad|><|vision_end|>`).join('')
}

/** The older name of a weight of the encoder: its parts are those of Qwen2-VL. */
const PARTS: readonly (readonly [RegExp, string])[] = [
  [/^(visual\.blocks\.\d+\.mlp\.)linear_fc([12])\./, '$1fc$2.'],
  [/^visual\.merger\.norm\./, 'visual.merger.ln_q.'],
  [/^(visual\.(?:merger|deepstack_merger_list\.\d+)\.)linear_fc1\./, '$1mlp.0.'],
  [/^(visual\.(?:merger|deepstack_merger_list\.\d+)\.)linear_fc2\./, '$1mlp.2.'],
]

function weightName(name: string): string | undefined {
  const old = name.replace(/^model\.language_model\./, 'model.').replace(/^model\.visual\./, 'visual.')
  if (/rotary_emb\.inv_freq$|rotary_pos_emb\.inv_freq$/.test(old)) return undefined
  const [pattern, ours] = PARTS.find(([pattern]) => pattern.test(old)) ?? []
  return pattern ? old.replace(pattern, ours!) : old
}

/** How images and frames are sized; what frames cover together is limited. */
function viewing(vision: QwenVisionConfig, processor: PreprocessorConfig | undefined) {
  const factor = vision.patch * vision.merge
  const doResize = processor?.do_resize ?? true
  const [still, moving] = [processor, videoProcessor(processor)].map((of) => ({
    range: pixelRange(factor, of),
    doResize,
  }))
  const clips = (video: Video) => {
    const together = { frames: video.frames.length, depth: vision.frames }
    return clipsOf(video, vision, (image) => nativeView(image, moving, together))
  }
  return { still, clips }
}

function bind(raw: unknown, processor?: PreprocessorConfig): Architecture {
  const config = parseConfig(schema, raw)
  const { text_config: text, image_token_id: imageToken } = config
  const vision = qwen3VisionConfig(config.vision_config, 'vision_config')
  const tie_word_embeddings = config.tie_word_embeddings || text.tie_word_embeddings
  const language = qwen3VlModel({ ...text, tie_word_embeddings }, 'text_config')
  assertFits(vision, language.hiddenSize, processor)
  if (vision.taps.length > language.layers)
    throw configError(
      'vision_config.deepstack_visual_indexes',
      `${vision.taps.length} layers for the ${language.layers} of the language model`,
    )
  const factor = vision.patch * vision.merge
  const { still, clips } = viewing(vision, processor)
  return {
    name: 'qwen3_vl',
    vision: {
      patchSize: factor,
      viewSize: factor,
      deepLayers: vision.taps.length,
      grid: (view) => fillingPatches(view, factor),
      encode: (p, pixels, stages) => qwen3Vision(p.at('visual'), vision, pixels, stages),
      connect: (p, patches) => mergeSquares(p.at('visual', 'merger', 'mlp'), vision, patches),
    },
    prompt: {
      imageToken,
      views: (image) => [nativeView(image, still)],
      video: {
        sampler: sampler(processor),
        token: config.video_token_id,
        views: clips,
        written: { placeholder: '<|video_pad|>', text: (video) => timedClips(video, vision.frames) },
      },
    },
    language,
  }
}

export const qwen3Vl = family({ id: 'qwen3-vl', modelTypes: ['qwen3_vl'], weightName, bind })
