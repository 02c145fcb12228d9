import type { Model, PromptOptions } from '../../pipeline/model.ts'
import { precisionJson } from '../../pipeline/precision-report.ts'
import { bytesOf } from '../../runtime/index.ts'
import { GREEDY } from '../../text/sampling.ts'
import { command } from '../command.ts'
import { escapeLine } from '../escape.ts'
import { withImageOptions } from '../image-options.ts'
import { openMedia, type VideoFlags, withVideoOptions } from '../media-options.ts'
import { type ModelOptions, withDtypeOption } from '../model-options.ts'
import { videoLine } from '../reply-report.ts'
import { print } from '../terminal.ts'

interface ForwardFlags extends Pick<ModelOptions, 'dtype'>, VideoFlags {
  image: string[]
  prompt: string
  rawPrompt?: boolean
  json?: boolean
}

/** What a model makes of a prompt, in the terms in which the reference can be asked the same. */
interface Forward {
  /** The whole prompt, with one placeholder per visual token. */
  readonly inputIds: readonly number[]
  readonly visualTokens: number
  /** Of the last position, [vocabulary]. */
  readonly logits: Float32Array
  /** The most likely tokens that follow, each given those before. */
  readonly greedy: readonly number[]
  readonly text: string
}

const GREEDY_TOKENS = 12

export const forwardCommand = command<ForwardFlags>({
  name: 'forward',
  summary: 'Show what a checkpoint computes: token ids, logits, greedy tokens',
  examples: [
    'fovea forward mini --image photo.png --prompt "what color is the star?" --json',
    'fovea forward path/to/model --image a.png b.png --prompt "what changed?"',
    'fovea forward path/to/model --video clip.mp4 --frames 8 --prompt "what happens?" --json',
    'fovea forward path/to/model --image a.png --prompt "USER: <image> what is this? ASSISTANT:" --raw-prompt --json',
  ],
  configure: (program) =>
    withImageOptions(withDtypeOption(withVideoOptions(program)), 'reference')
      .argument('<model>', 'a model folder, org/name of the hub, or "mini"')
      .option(
        '--image <files...>',
        'image files, in the order of the prompt',
        (path: string, before: string[]) => [...before, path],
        [],
      )
      .requiredOption('--prompt <text>', 'the question')
      .option('--raw-prompt', 'take the prompt as the whole text, special tokens included, without the chat template')
      .option('--json', 'print one JSON object; its logits are little-endian float32 in base64'),
  run: async ({ args: [name], options, signal }) => {
    const { dtype, json } = options
    const choice: ModelOptions & VideoFlags = { ...options, model: name as string, device: 'cpu', dtype, json }
    const { images, videos, seen, model } = await openMedia(options.image, choice, signal)
    try {
      const found = await forward(model, {
        prompt: options.prompt,
        images,
        videos,
        rawPrompt: options.rawPrompt,
        signal,
      })
      const { precision } = model.parts
      const data = {
        ...found,
        logits: base64(found.logits),
        dtype: precision.dtype,
        precision: precisionJson(precision),
        ...(seen.length && { videos: seen }),
      }
      print(json ? JSON.stringify(data) : [...seen.map(videoLine), describe(found)].join('\n'))
    } finally {
      await model.dispose()
    }
  },
})

type Request = Pick<PromptOptions, 'prompt' | 'images' | 'videos' | 'rawPrompt' | 'signal'>

async function forward(model: Model, request: Request): Promise<Forward> {
  let prompt: { readonly inputIds: readonly number[]; readonly logits: Float32Array } | undefined
  const greedy: number[] = []
  const { text, tokens } = await model.generate({
    ...request,
    maxTokens: GREEDY_TOKENS,
    ...GREEDY,
    ignoreEos: true,
    onPrefill: (inputIds, logits) => {
      prompt = { inputIds, logits: logits.slice() }
    },
    onToken: (id) => greedy.push(id),
  })
  const { inputIds, logits } = prompt!
  return { inputIds, visualTokens: tokens.visual.after, logits, greedy, text }
}

/** Typed arrays have the byte order of the machine; every machine that Node runs on here is little-endian. */
const base64 = (values: Float32Array): string => Buffer.from(bytesOf(values)).toString('base64')

function describe({ inputIds, visualTokens, logits, greedy, text }: Forward): string {
  const top = Array.from(logits.keys())
    .sort((a, b) => logits[b] - logits[a])
    .slice(0, 5)
  return [
    `prompt   ${inputIds.length} tokens, ${visualTokens} of them visual`,
    `logits   ${top.map((id) => `${id}: ${logits[id].toFixed(3)}`).join(', ')}, ...`,
    `greedy   ${greedy.join(' ')}`,
    `text     ${escapeLine(text)}`,
  ].join('\n')
}
