import type { Embedder } from '../../embedding/embedder.ts'
import type { Embeddings, Similarity } from '../../embedding/embedder-parts.ts'
import { FoveaError } from '../../errors.ts'
import { loadEmbedder } from '../../loading/node-load-embedder.ts'
import { readImage } from '../../media/read-image.ts'
import type { Device } from '../../runtime/index.ts'
import { command } from '../command.ts'
import { downloadView } from '../download-view.ts'
import { escapeLine } from '../escape.ts'
import { type ImageFlags, imageLimits, withImageOptions } from '../image-options.ts'
import { withDeviceOption } from '../model-options.ts'
import { print, table } from '../terminal.ts'

interface EmbedFlags extends ImageFlags {
  image: string[]
  text: string[]
  truncate?: boolean
  device: Device
  json?: boolean
}

const several = (value: string, before: string[]): string[] => [...before, value]

export const embedCommand = command<EmbedFlags>({
  name: 'embed',
  summary: 'Embed images and texts with CLIP or SigLIP, and compare them',
  examples: [
    'fovea embed openai/clip-vit-base-patch32 --image a.png b.png --text "a photo of a cat" "a photo of a dog"',
    'fovea embed google/siglip-base-patch16-224 --image a.png --text "a photo of a cat" --json',
    'fovea embed path/to/model --text "a photo of a cat" --json',
    'curl -s https://example.com/photo.png | fovea embed path/to/model --image - --text "a cat" "a dog"',
  ],
  configure: (program) =>
    withImageOptions(withDeviceOption(program))
      .argument('<model>', 'a folder of a CLIP or SigLIP model, or org/name of the hub')
      .option('--image <files...>', 'image files (- is standard input)', several, [])
      .option('--text <texts...>', 'texts', several, [])
      .option('--truncate', 'cut texts that are too long for the model')
      .option('--json', 'print one JSON object: embeddings, logits, probabilities'),
  run: async ({ args: [name], options, signal }) => {
    assertInput(options)
    const images = await Promise.all(options.image.map((path) => readImage(path, imageLimits(options))))
    const model = await open(name as string, options, signal)
    try {
      const found = await model.embed({ images, texts: options.text, truncate: options.truncate, signal })
      print(options.json ? JSON.stringify(toJson(model, found)) : describe(model, found, options))
    } finally {
      await model.dispose()
    }
  },
})

function assertInput({ image, text }: EmbedFlags): void {
  if (image.length + text.length === 0)
    throw new FoveaError('input_missing', 'usage', 'give images (--image) or texts (--text); see fovea embed --help')
  if (image.filter((path) => path === '-').length > 1)
    throw new FoveaError('stdin_twice', 'usage', 'standard input (-) can be only one of the images')
}

async function open(name: string, { device }: EmbedFlags, signal: AbortSignal): Promise<Embedder> {
  const view = downloadView(signal)
  try {
    return await loadEmbedder(name, { device, signal, onProgress: view.update })
  } finally {
    view.stop()
  }
}

const numbers = (rows: readonly Float32Array[]): number[][] => rows.map((row) => Array.from(row))

/** Logits and probabilities have a row per image and a column per text. */
function toJson(model: Embedder, found: Embeddings): object {
  const { logits, probabilities } = model.similarity(found)
  return {
    model: model.parts.name,
    family: model.parts.encoder.name,
    width: model.width,
    images: numbers(found.images),
    texts: numbers(found.texts),
    logits: numbers(logits),
    probabilities: numbers(probabilities),
  }
}

/** How well each image fits each text; of images or texts alone, how their embeddings begin. */
function describe(model: Embedder, found: Embeddings, { image, text }: EmbedFlags): string {
  if (image.length === 0) return beginnings('text', text, found.texts)
  if (text.length === 0) return beginnings('image', image, found.images)
  const { logits, probabilities }: Similarity = model.similarity(found)
  const rows = image.flatMap((path, i) =>
    text.map((words, t) => [path, words, logits[i][t].toFixed(3), `${(100 * probabilities[i][t]).toFixed(1)} %`]),
  )
  return table(
    ['image', 'text', '>logit', '>probability'],
    rows.map((row) => row.map(escapeLine)),
  )
}

const SHOWN = 4

function beginnings(title: string, names: readonly string[], rows: readonly Float32Array[]): string {
  const begin = (row: Float32Array) => Array.from(row.subarray(0, SHOWN), (value) => value.toFixed(4)).join(' ')
  return table(
    [title, '>numbers', 'embedding (--json prints all)'],
    rows.map((row, at) => [escapeLine(names[at]), String(row.length), `${begin(row)} ...`]),
  )
}
