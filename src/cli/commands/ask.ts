import { FoveaError } from '../../errors.ts'
import { measuredReply } from '../../evaluation/measured-reply.ts'
import { modelPath } from '../../hub/package-root.ts'
import { dense } from '../../pipeline/method/compose.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { ModelParts } from '../../pipeline/parts.ts'
import type { Reply } from '../../pipeline/talk/reply.ts'
import { command } from '../command.ts'
import { escapeLine, escapeText } from '../escape.ts'
import { withImageOptions } from '../image-options.ts'
import { type Opened, openMedia, type VideoFlags, withVideoOptions } from '../media-options.ts'
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
import { assertOutput } from '../output-file.ts'
import { writeComparison, writeOverlay } from '../overlay-file.ts'
import {
  costLine,
  cutLine,
  formatFlops,
  leftAloneLine,
  noEndLine,
  replyJson,
  totalFlops,
  videoLine,
  visualTokensLine,
} from '../reply-report.ts'
import { isInteractive, note, print, table, tell } from '../terminal.ts'

interface AskFlags extends ModelOptions, SamplingFlags, VideoFlags {
  method: string[]
  compare?: string[]
  overlay?: string
  stats?: boolean
}

export const askCommand = command<AskFlags>({
  name: 'ask',
  summary: 'Ask a question about images and videos',
  examples: [
    'fovea ask photo.png "what color is the star?"',
    'fovea ask photo.png "how many circles are there?" --method fastv:layer=2,keep=.25 --stats',
    'fovea ask photo.png "how many circles are there?" --compare dense resize:keep=.5 visionzip:keep=.25',
    'fovea ask page.png "what does it say?" --speculate prompt-lookup --stats',
    'fovea ask photo.png "where is the heart?" --method visionzip:keep=.25 --overlay kept.png',
    'fovea ask photo.png "where is the heart?" --compare dense fastv:keep=.25 visionzip:keep=.25 --overlay sheet.png',
    'fovea ask clip.mp4 "what happens?" --model org/name --frames 16',
    'fovea ask clip.mp4 "what shape is red?" --frames-as-images --compare dense fastv:keep=.25 --overlay strips.png',
    'fovea ask photo.png "what is this?" --model SmolVLM-256M.gguf --mmproj mmproj-SmolVLM-256M.gguf',
    'fovea ask --video clip.mp4 "what falls first?" --model org/name --fps 2 --start 10 --end 20',
    'fovea ask clip.mp4 "what shape is red?" --frames-as-images --frames 4',
    'curl -s https://example.com/photo.png | fovea ask - "what is this?" --json',
  ],
  configure: (program) => {
    program.argument('<file...>', 'images and videos (- is standard input), and last the question')
    withMethodOption(
      withSpeculateOption(withSamplingOptions(withModelOptions(withImageOptions(withVideoOptions(program))))),
    )
      .option('--compare <methods...>', 'answer with each of these methods and show them side by side')
      .option(
        '--overlay <file>',
        'write the image as PNG: patches that were dropped are darkened, what the model does not see is chequered; a strip of several images, or of at most 8 frames of a video; with --compare one for each method',
      )
      .option('--json', 'print one JSON object: answer, tokens, FLOPs, milliseconds, memory')
      .option('--quiet', 'print the answer alone')
      .option('--stats', 'print time and FLOPs to standard error, as in a terminal')
  },
  run: async ({ args: [words], options, signal }) => {
    const { paths, question } = splitWords(words as string[], options.video)
    assertTogether(options)
    if (options.overlay) await assertOutput(options.overlay, [...paths, ...options.video, modelPath(options.model)])
    const methods = await methodsOf(options)
    const opened = await openMedia(paths, options, signal)
    try {
      if (options.compare) await compare(opened, question, methods, options, signal)
      else await answer(opened, question, methods[0], options, signal)
    } finally {
      await opened.model.dispose()
    }
  },
})

function splitWords(words: readonly string[], videos: readonly string[]): { paths: string[]; question: string } {
  const question = words.at(-1)!
  const paths = words.slice(0, -1)
  if (paths.length + videos.length === 0 || question.trim() === '')
    throw new FoveaError('question_missing', 'usage', 'give one image or more, then the question; see fovea ask --help')
  if ([...paths, ...videos].filter((path) => path === '-').length > 1)
    throw new FoveaError('stdin_twice', 'usage', 'standard input (-) can be only one of the files')
  return { paths, question }
}

const refuse = (message: string): FoveaError => new FoveaError('options_conflict', 'usage', message)

function assertTogether({ compare, method }: AskFlags): void {
  if (compare && method.length)
    throw refuse('--compare and --method exclude each other; name all methods after --compare')
}

async function methodsOf({ compare, method }: AskFlags): Promise<Method[]> {
  const lists = compare ? compare.map((text) => [text]) : [method]
  return Promise.all(lists.map(async (texts) => (await methodOf(texts)) ?? dense))
}

/** Streams one answer; the number of visual tokens stands below it. */
async function answer(
  { model, images, videos, seen }: Opened,
  prompt: string,
  method: Method,
  options: AskFlags,
  signal: AbortSignal,
): Promise<void> {
  const { json, quiet, overlay } = options
  const sampling = samplingOf(options, model.parts)
  if (!json) tell(noEndLine(model.parts))
  const onText = json ? undefined : (text: string) => process.stdout.write(escapeText(text))
  const reply = await model.generate({ prompt, images, videos, method, ...sampling, signal, onText })
  const total = performance.now()
  if (json) print(JSON.stringify(replyJson(reply, model.parts, method.name, total, seen)))
  else print(quiet ? '' : ['', ...seen.map(videoLine), visualTokensLine(reply)].join('\n'))
  if (!json) tell(leftAloneLine(method, { images, videos }))
  if (!json) tell(cutLine(reply, sampling.maxTokens))
  const isShown = options.stats ?? (isInteractive(process.stderr) && !json && !quiet)
  const cost = costLine(reply, total, model.parts.precision.dtype)
  if (isShown) note(quiet || json ? `${visualTokensLine(reply)} · ${cost}` : cost)
  if (overlay) await writeOverlay(overlay, model.parts, { images, videos }, { method, reply })
}

/** The same question under several methods, one after another. */
async function compare(
  { model, images, videos, seen }: Opened,
  prompt: string,
  methods: readonly Method[],
  options: AskFlags,
  signal: AbortSignal,
): Promise<void> {
  const sampling = samplingOf(options, model.parts)
  if (!options.json) tell(noEndLine(model.parts))
  const replies: { method: Method; reply: Reply }[] = []
  for (const method of methods) {
    const reply = await measuredReply(model, { prompt, images, videos, method, ...sampling, signal })
    if (signal.aborted) return
    replies.push({ method, reply })
  }
  if (options.overlay) await writeComparison(options.overlay, model.parts, { images, videos }, replies)
  if (options.json)
    return print(JSON.stringify(replies.map(({ method, reply }) => comparedJson(model.parts, method, reply))))
  const rows = replies.map(({ method, reply }) => compareRow(method, reply))
  print([...seen.map(videoLine), table(compareHeader, rows)].join('\n'))
  for (const { method } of replies) tell(leftAloneLine(method, { images, videos }))
  for (const { method, reply } of replies) tell(cutLine(reply, sampling.maxTokens, method.name))
}

const comparedJson = (model: ModelParts, method: Method, reply: Reply): object =>
  replyJson(reply, model, method.name, reply.milliseconds.ttft + reply.milliseconds.decode)

const compareHeader = ['method', '>visual tokens', '>FLOPs', '>vision ms', '>prefill ms', '>decode ms', 'answer']

function compareRow(method: Method, reply: Reply): string[] {
  const { before, last } = reply.tokens.visual
  const { vision, prefill, decode } = reply.milliseconds
  const times = [vision, prefill, decode].map((ms) => ms.toFixed(1))
  return [method.name, `${before} -> ${last}`, formatFlops(totalFlops(reply.flops)), ...times, escapeLine(reply.text)]
}
