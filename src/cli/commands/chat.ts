import { createInterface } from 'node:readline/promises'
import { FoveaError } from '../../errors.ts'
import type { Precision } from '../../pipeline/precision-report.ts'
import type { AskOptions } from '../../pipeline/talk/ask-options.ts'
import type { Conversation } from '../../pipeline/talk/conversation.ts'
import { command } from '../command.ts'
import { escapeText } from '../escape.ts'
import { withImageOptions } from '../image-options.ts'
import { openMedia, type VideoFlags, withVideoOptions } from '../media-options.ts'
import {
  type ModelOptions,
  methodOf,
  type SamplingFlags,
  samplingOf,
  withMethodOption,
  withModelOptions,
  withSamplingOptions,
  withSpeculateOption,
} from '../model-options.ts'
import { costLine, cutLine, droppedLine, noEndLine, videoLine, visualTokensLine } from '../reply-report.ts'
import { isInteractive, note, print, tell } from '../terminal.ts'

interface ChatFlags extends ModelOptions, SamplingFlags, VideoFlags {
  method: string[]
  stats?: boolean
  dropOldest?: boolean
}

export const chatCommand = command<ChatFlags>({
  name: 'chat',
  summary: 'Ask several questions about images and videos, one per line',
  examples: [
    'fovea chat photo.png',
    'fovea chat photo.png --method visionzip:keep=.25 --stats',
    'fovea chat clip.mp4 --model org/name --frames 16',
    'printf "what shape is red?\\nwhere is it?\\n" | fovea chat photo.png',
  ],
  configure: (program) => {
    program.argument('[file...]', 'images and videos; questions come from standard input')
    withMethodOption(
      withSpeculateOption(withSamplingOptions(withModelOptions(withImageOptions(withVideoOptions(program))))),
    )
      .option('--stats', 'print tokens, time and FLOPs of each answer to standard error, as in a terminal')
      .option('--drop-oldest', 'forget the oldest questions where the next answer has no room; otherwise it is refused')
  },
  run: async ({ args: [paths], options, signal }) => {
    const files = paths as string[]
    if (files.length + options.video.length === 0)
      throw new FoveaError('image_missing', 'usage', 'give one image or video or more; see fovea chat --help')
    if ([...files, ...options.video].includes('-'))
      throw new FoveaError('stdin_taken', 'usage', 'the questions come from standard input; name files instead of -')
    const method = await methodOf(options.method)
    const { images, videos, seen, model } = await openMedia(files, options, signal)
    try {
      if (isStated(options)) for (const video of seen) note(videoLine(video))
      const { dtype } = model.parts.precision
      const sampling = { ...samplingOf(options, model.parts), dropOldest: options.dropOldest }
      tell(noEndLine(model.parts))
      await talk(await model.converse(images, method, videos), { sampling, dtype, isStated: isStated(options) }, signal)
    } finally {
      await model.dispose()
    }
  },
})

/** Whether what an answer cost is said: where that was asked for, and to people. */
const isStated = ({ stats }: ChatFlags): boolean => stats ?? isTalking()

/** Whether a person types the questions. */
const isTalking = (): boolean => isInteractive(process.stderr) && Boolean(process.stdin.isTTY)

interface TalkOptions {
  readonly sampling: ReturnType<typeof samplingOf> & Pick<AskOptions, 'dropOldest'>
  readonly dtype: Precision
  /** Whether each answer's cost is said. */
  readonly isStated: boolean
}

/** Answers line by line until the input ends or Ctrl-C; the image and all turns stay in the KV cache. */
async function talk(
  conversation: Conversation,
  { sampling, dtype, isStated }: TalkOptions,
  signal: AbortSignal,
): Promise<void> {
  const isTyped = isTalking()
  const lines = createInterface({ input: process.stdin, output: isTyped ? process.stderr : undefined, prompt: '> ' })
  // In a terminal readline takes Ctrl-C for itself; it is handed on to the process.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  signal.addEventListener('abort', () => lines.close())
  if (isTyped) lines.prompt()
  for await (const line of lines) {
    if (signal.aborted) break
    if (line.trim()) {
      const started = performance.now()
      const onText = (text: string) => process.stdout.write(escapeText(text))
      const reply = await conversation.ask(line, { ...sampling, signal, onText })
      print('')
      const { cached } = reply.tokens
      tell(droppedLine(reply))
      tell(cutLine(reply, sampling.maxTokens))
      if (isStated)
        note(`${visualTokensLine(reply)}, ${cached} cached · ${costLine(reply, performance.now() - started, dtype)}`)
    }
    if (isTyped) lines.prompt()
  }
}
