/** How a paper is run: from the command line, as a library, and by a server. */
import type { Paper } from '../../src/papers/paper.ts'
import { partsOf } from '../../src/papers/reports/run-of.ts'
import { isUntrained, type Use, useOf } from '../../src/papers/use.ts'
import { fenced } from './markdown.ts'
import { shownMethod } from './shown.ts'

const IMAGE = { file: 'examples/scene.png', prompt: 'what color is the star?' }
const VIDEO = { file: 'examples/clip.mp4', prompt: 'what happens?', frames: 8 }

/** A model that takes videos, as the embedded one does not. */
export const VIDEO_MODEL = 'llava-hf/llava-onevision-qwen2-0.5b-ov-hf'

/** Lines, calls and what is to be said of them, for each use. */
const WAYS: Readonly<
  Record<Use, { lines: (entry: Paper) => string[]; call: (entry: Paper) => string; note?: (entry: Paper) => string }>
> = {
  image: {
    lines: (entry) => [`fovea ask ${IMAGE.file} "${IMAGE.prompt}" --method ${shownMethod(entry)}`],
    call: (entry) => `import { loadModel, parseMethod, readImage } from 'fovea'

const model = await loadModel('mini')
const { text, tokens } = await model.generate({
  prompt: '${IMAGE.prompt}',
  images: [await readImage('${IMAGE.file}')],
  method: parseMethod('${shownMethod(entry)}'),
})
console.log(text, tokens.visual)
await model.dispose()`,
    note: (entry) => `In a request to a server: \`"fovea": { "method": "${shownMethod(entry)}" }\`.`,
  },
  video: {
    lines: (entry) => [
      `fovea ask ${VIDEO.file} "${VIDEO.prompt}" --frames ${VIDEO.frames} --model ${VIDEO_MODEL} --method ${shownMethod(entry)}`,
    ],
    call: (entry) => `import { loadModel, parseMethod, readVideo } from 'fovea'

const model = await loadModel('${VIDEO_MODEL}')
const { text, tokens } = await model.generate({
  prompt: '${VIDEO.prompt}',
  videos: [await readVideo('${VIDEO.file}', { frames: ${VIDEO.frames}, sampler: model.frameSampler })],
  method: parseMethod('${shownMethod(entry)}'),
})
console.log(text, tokens.visual)
await model.dispose()`,
    note: () => 'It is made for videos, which fovea-mini does not take and a server is not sent.',
  },
  embedding: {
    lines: (entry) => [
      `fovea embed mini --method ${shownMethod(entry)} --together --image ${IMAGE.file} --text "a yellow star" --json`,
    ],
    call: (entry) => `import { loadEmbedder, parseMethod, readImage } from 'fovea'

const embedder = await loadEmbedder('mini', { method: parseMethod('${shownMethod(entry)}') })
const notes = [{ image: await readImage('${IMAGE.file}'), text: 'a yellow star' }]
console.log((await embedder.embed({ notes })).notes)
await embedder.dispose()`,
  },
  run: {
    lines: () => [],
    call: ({ id }) => `import { reproduce } from 'fovea'

for await (const row of reproduce('${id}', { quick: true })) console.log(row.name, row.value, row.unit)`,
  },
}

/** Command lines, the same as a library call, and what a request to a server says. */
export function runningSection(entry: Paper): string[] {
  if (partsOf(entry).length === 0) return []
  const { lines, call, note } = WAYS[useOf(entry)]
  const commands = [
    ...(isUntrained(entry) ? [`fovea train ${entry.id}`] : []),
    ...lines(entry),
    ...(entry.places.includes('stream')
      ? [`fovea watch ${VIDEO.file} "${VIDEO.prompt}" --method ${shownMethod(entry)}`]
      : []),
    `fovea reproduce ${entry.id}`,
  ]
  return ['## How to run', fenced('sh', commands.join('\n')), fenced('ts', call(entry)), ...(note ? [note(entry)] : [])]
}
