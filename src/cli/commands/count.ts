import type { PromptCount } from '../../pipeline/talk/count.ts'
import { command } from '../command.ts'
import { withImageOptions } from '../image-options.ts'
import { openMedia, splitQuestion, type VideoFlags, withVideoOptions } from '../media-options.ts'
import { type ModelOptions, methodOf, withMethodOption, withModelOptions } from '../model-options.ts'
import { videoLine } from '../reply-report.ts'
import { print } from '../terminal.ts'

interface CountFlags extends ModelOptions, VideoFlags {
  method: string[]
}

export const countCommand = command<CountFlags>({
  name: 'count',
  summary: 'Count the tokens of a question about images and videos, without answering it',
  examples: [
    'fovea count photo.png "what color is the star?"',
    'fovea count clip.mp4 "what happens?" --model org/name --frames 16 --method visionzip:keep=.25',
    'fovea count photo.png "what is this?" --json',
  ],
  configure: (program) => {
    program.argument('<file...>', 'images and videos, if any, and last the question')
    withMethodOption(withModelOptions(withImageOptions(withVideoOptions(program)))).option(
      '--json',
      'print one JSON object: text, visual, positions, and of models with an end limit and room',
    )
  },
  run: async ({ args: [words], options, signal }) => {
    const { paths, prompt } = splitQuestion(words as string[])
    const method = await methodOf(options.method)
    const { model, images, videos, seen } = await openMedia(paths, options, signal)
    try {
      const count = await model.count({ prompt, images, videos, method })
      if (options.json) print(JSON.stringify({ model: model.parts.name, method: method?.name ?? 'dense', ...count }))
      else print([...seen.map(videoLine), countLine(count)].join('\n'))
    } finally {
      await model.dispose()
    }
  },
})

/** `12 tokens of text, 144 visual: 156 of 2048 positions, room for an answer of 1893 tokens` */
function countLine({ text, visual, positions, limit, room }: PromptCount): string {
  const tokens = `${text} tokens of text, ${visual} visual`
  if (limit === undefined || room === undefined) return `${tokens}: ${positions} positions`
  const left = room > 0 ? `room for an answer of ${room} token${room === 1 ? '' : 's'}` : 'no room for an answer'
  return `${tokens}: ${positions} of ${limit} positions, ${left}`
}
