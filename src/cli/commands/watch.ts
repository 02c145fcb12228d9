import { FoveaError } from '../../errors.ts'
import { readVideo } from '../../media/video/read-video.ts'
import { timestampsOf, type Video } from '../../media/video.ts'
import type { Stream } from '../../pipeline/stream/stream.ts'
import { command } from '../command.ts'
import { escapeLine } from '../escape.ts'
import { tellOfDamage } from '../media-options.ts'
import {
  type ModelOptions,
  methodOf,
  openModel,
  type SamplingFlags,
  samplingOf,
  withMethodOption,
  withModelOptions,
  withSamplingOptions,
} from '../model-options.ts'
import { number } from '../parsers.ts'
import { print } from '../terminal.ts'

interface WatchFlags extends ModelOptions, SamplingFlags {
  method: string[]
  fps: number
  start?: number
  end?: number
  imagesPerSecond?: number
  every?: number
}

const positive = number(Number.MIN_VALUE)

export const watchCommand = command<WatchFlags>({
  name: 'watch',
  summary: 'Read a video frame by frame, as a stream, and ask about what was seen so far',
  examples: [
    'fovea watch clip.mp4 "what happened so far?"',
    'fovea watch clip.mp4 "what is moving?" --fps 2 --every 5',
    'fovea watch clip.mp4 "what fell first?" --method stc:tokens=36+rekv:frames=8',
    'fovea watch frames/ "what shape is red?" --images-per-second 2 --json',
  ],
  configure: (program) => {
    program.argument('<video>', 'a video, an animated image, or a folder of images')
    program.argument('<question>', 'asked at the end, or every so often')
    withMethodOption(withSamplingOptions(withModelOptions(program)))
      .option('--fps <rate>', 'so many frames of each second', positive, 1)
      .option('--start <seconds>', 'where to begin', number(0))
      .option('--end <seconds>', 'where to end', positive)
      .option('--images-per-second <rate>', 'of a folder of images (1 if not given)', positive)
      .option('--every <seconds>', 'ask each time so much of the video has passed, not only at its end', positive)
      .option('--json', 'print one JSON object a line: each frame, each answer')
  },
  run: async ({ args: [path, question], options, signal }) => {
    if ((question as string).trim() === '')
      throw new FoveaError('question_missing', 'usage', 'give a video, then the question; see fovea watch --help')
    const { fps, start, end, imagesPerSecond } = options
    const method = await methodOf(options.method)
    const video = await readVideo(path as string, { fps, start, end, imagesPerSecond, signal })
    if (!options.json && !options.quiet) tellOfDamage(video)
    const model = await openModel(options, signal)
    try {
      const stream = await model.watch({ method })
      await follow(stream, video, question as string, { ...options, ...samplingOf(options, model.parts) }, signal)
      await stream.close()
    } finally {
      await model.dispose()
    }
  },
})

/** Sees every frame in its turn; asks where it is time to, and at the end. */
async function follow(stream: Stream, video: Video, question: string, flags: WatchFlags, signal: AbortSignal) {
  const times = timestampsOf(video)
  const { every = Number.POSITIVE_INFINITY, json, maxTokens, temperature, topP, topK, repetitionPenalty, seed } = flags
  const sampling = { maxTokens, temperature, topP, topK, repetitionPenalty, seed }
  let next = (times[0] ?? 0) + every
  for (const [at, frame] of video.frames.entries()) {
    signal.throwIfAborted()
    const time = times[at]
    const seen = await stream.see(frame, { time })
    if (json) print(JSON.stringify(seen))
    if (at < video.frames.length - 1 && (times[at + 1] ?? 0) < next) continue
    next += every
    const { text, tokens, milliseconds } = await stream.ask(question, { ...sampling, signal })
    const found = { time, answer: text, tokens, milliseconds }
    print(json ? JSON.stringify(found) : `${time.toFixed(1)} s  ${escapeLine(text)}`)
  }
}
