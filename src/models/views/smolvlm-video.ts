/**
 * Videos of SmolVLM2 (Marafioti et al., arXiv 2504.05299): each frame is one square view, and text says when it is shown.
 */
import { spannedFrames } from '../../media/video/sampling.ts'
import { timestampsOf, type Video } from '../../media/video.ts'
import { createChatTemplate } from '../../text/chat-template.ts'
import { FENCE, MAX_EDGE, tileViews } from './idefics3-views.ts'
import { filterOf, type PreprocessorConfig } from './image-processor.ts'
import { numberWords } from './number-words.ts'
import type { VideoReader } from './prompt-form.ts'
import { videoProcessor } from './video-processor.ts'

/** Templates of published checkpoints know no videos; the processor of transformers takes this one instead. */
const TEMPLATE = createChatTemplate(
  "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}" +
    "{% if message['content'][0]['type'] == 'image' %}{{ ':' }}{% else %}{{ ': ' }}{% endif %}" +
    "{% for line in message['content'] %}{% if line['type'] == 'text' %}{{ line['text'] }}" +
    "{% elif line['type'] == 'image' %}{{ '<image>' }}{% elif line['type'] == 'video' %}{{ '<video>' }}{% endif %}" +
    '{% endfor %}<end_of_utterance>\n{% endfor %}' +
    "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}",
)

/** Times of files are rounded to their ticks; one that lies so little before a second counts to it. */
const TICK = 1e-3

const twoDigits = (value: number): string => String(value).padStart(2, '0')

/** `MM:SS` */
export function frameTime(timestamp: number): string {
  const seconds = Math.floor(timestamp + TICK)
  return `${twoDigits(Math.floor(seconds / 60))}:${twoDigits(seconds % 60)}`
}

/** `H:MM:SS`, after the days if there are any, as Python writes a time. */
export function duration(length: number): string {
  const seconds = Math.floor(length + TICK)
  const [days, hours] = [Math.floor(seconds / 86_400), Math.floor((seconds % 86_400) / 3600)]
  const clock = `${hours}:${twoDigits(Math.floor((seconds % 3600) / 60))}:${twoDigits(seconds % 60)}`
  return days > 0 ? `${days} day${days > 1 ? 's' : ''}, ${clock}` : clock
}

/** How many frames there are of how long a video, then each behind its time, then an empty line. */
export function videoPrompt(video: Video): string {
  const { frames, framesPerSecond, source } = video
  const length = duration(source?.seconds ?? frames.length / framesPerSecond)
  const intro = `You are provided the following series of ${numberWords(frames.length)} frames from a ${length} [H:MM:SS] video.\n`
  const shown = timestampsOf(video).map((time) => `\nFrame from ${frameTime(time)}:${FENCE}<global-img><image>${FENCE}`)
  return `${intro}${shown.join('')}\n\n`
}

/** @param tile side of a view in pixels */
export function smolvlmVideo(processor: PreprocessorConfig | undefined, tile: number): VideoReader {
  const { size, max_image_size, resample, video_sampling, fps, num_frames } = videoProcessor(processor)
  const longest = edgeOf(size) ?? edgeOf(video_sampling?.video_size) ?? 4 * tile
  const side = max_image_size?.longest_edge ?? tile
  const tiling = { tile: side, longest: Math.min(longest, MAX_EDGE), split: false }
  return {
    sampler: spannedFrames({
      fps: video_sampling?.fps ?? fps ?? 1,
      maxFrames: video_sampling?.max_frames ?? num_frames ?? 64,
      skipSeconds: 1,
    }),
    views: ({ frames }) => frames.flatMap((frame) => tileViews(frame, tiling, filterOf({ resample: resample ?? 1 }))),
    written: { placeholder: '<video>', template: TEMPLATE, text: videoPrompt },
  }
}

const edgeOf = (size: object | undefined): number | undefined =>
  size && 'longest_edge' in size ? (size.longest_edge as number) : undefined
