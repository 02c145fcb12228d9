import { FoveaError } from '../../errors.ts'
import { modelPath } from '../../hub/package-root.ts'
import type { RgbImage } from '../../media/image.ts'
import type { Explanation } from '../../pipeline/explain/explain.ts'
import { dense } from '../../pipeline/method/compose.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import { viewGrids } from '../../pipeline/pictures/kept-views.ts'
import { command } from '../command.ts'
import { escapeText } from '../escape.ts'
import { withImageOptions } from '../image-options.ts'
import { openMedia, splitQuestion, type VideoFlags, withVideoOptions } from '../media-options.ts'
import {
  type ModelOptions,
  methodOf,
  type SamplingFlags,
  samplingOf,
  withMethodOption,
  withModelOptions,
  withSamplingOptions,
} from '../model-options.ts'
import { assertOutput, writeOutput } from '../output-file.ts'
import { integer } from '../parsers.ts'
import { print, table, tell } from '../terminal.ts'

interface ExplainFlags extends ModelOptions, SamplingFlags, VideoFlags {
  method: string[]
  out?: string
  top: number
}

export const explainCommand = command<ExplainFlags>({
  name: 'explain',
  summary: 'Answer a question about images, and show what the answer rests on',
  examples: [
    'fovea explain photo.png "what color is the star?" --out page.html',
    'fovea explain photo.png "where is the heart?" --method visionzip:keep=.25',
    'fovea explain a.png b.png "which one has more circles?" --model org/name --out page.html',
    'fovea explain clip.mp4 "what shape is red?" --frames-as-images --frames 4 --out page.html',
    'fovea explain photo.png "what is this?" --json',
  ],
  configure: (program) => {
    program.argument('<file...>', 'images and videos (- is standard input), and last the question')
    withMethodOption(withSamplingOptions(withModelOptions(withImageOptions(withVideoOptions(program)))))
      .option(
        '--out <file>',
        'write a page: the images under what each word looks at in each layer, and under what the answer rests on',
      )
      .option('--top <count>', 'so many guesses of each layer', integer(1), 5)
      .option('--json', 'print one JSON object: answer, words, attention and guesses of each layer, relevance')
  },
  run: async ({ args: [words], options, signal }) => {
    const { paths, prompt } = splitQuestion(words as string[])
    if (options.out) await assertOutput(options.out, [...paths, ...options.video, modelPath(options.model)])
    const method = (await methodOf(options.method)) ?? dense
    const { model, images, videos } = await openMedia(paths, options, signal)
    try {
      if (videos.length > 0)
        throw new FoveaError('video_unsupported', 'usage', 'explain shows images; add --frames-as-images')
      const asked = { prompt, images, method, top: options.top, ...samplingOf(options, model.parts), signal }
      const explanation = await model.explain(asked)
      if (options.json) print(JSON.stringify(toJson(explanation)))
      else print(describe(explanation))
      if (options.out) await writePage(options.out, { model, method, prompt, images }, explanation)
    } finally {
      await model.dispose()
    }
  },
})

/** The answer, what each layer would have said in its place, and how much it looked where the first token was predicted. */
function describe({ reply, answer, layers, asked }: Explanation): string {
  const looked = `attention on the pictures before ${shown(answer[0].text)}`
  const heads = ['layer', ...answer.map(({ text }) => shown(text)), looked]
  const rows = layers.map(({ layer, attention }, at) => [
    String(layer + 1),
    ...answer.map(({ lens }) => `${shown(lens[at][0].text)} ${(100 * lens[at][0].probability).toFixed(0)} %`),
    `${(100 * attention[asked - 1].reduce((a, b) => a + b, 0)).toFixed(1)} %`,
  ])
  return `${escapeText(reply.text.trim())}\n${table(heads, rows)}`
}

const shown = (text: string): string => JSON.stringify(escapeText(text))

function toJson({ reply, relevance, layers, patches, ...rest }: Explanation) {
  const numbers = (row: Float32Array) => Array.from(row, (value) => Number(value.toPrecision(4)))
  return {
    answer: reply.text,
    tokens: rest.answer,
    words: rest.words,
    layers: layers.map(({ layer, attention }) => ({ layer, attention: attention.map(numbers) })),
    ...(relevance && { relevance: numbers(relevance) }),
    patches: patches.map((tokens) => tokens.map((token) => (Number.isNaN(token) ? -1 : token))),
  }
}

interface Explained {
  readonly model: Model
  readonly method: Method
  readonly prompt: string
  readonly images: readonly RgbImage[]
}

async function writePage(path: string, { model, method, prompt, images }: Explained, explanation: Explanation) {
  const [{ explainPage }, { pngOf }] = await Promise.all([
    import('../explain-page.ts'),
    import('../../media/canvas-node.ts'),
  ])
  const shown = await Promise.all(
    images.map(async (image) => {
      const views = viewGrids(model.parts, { image, method, alone: images.length === 1 })
      return { image, png: await pngOf(image), views }
    }),
  )
  const page = explainPage({ question: prompt, model: model.parts.name, method: method.name }, explanation, shown)
  await writeOutput(path, Buffer.from(page))
  tell(`wrote ${path}`)
}
