import type { Embeddings, EmbedOptions, Embeds, Similarity } from '../../embedding/embedder-parts.ts'
import { FoveaError } from '../../errors.ts'
import { modelPath } from '../../hub/package-root.ts'
import { loadEmbedder } from '../../loading/node-load-embedder.ts'
import type { RgbImage } from '../../media/image.ts'
import { readImage } from '../../media/read-image.ts'
import type { Device } from '../../runtime/index.ts'
import { command } from '../command.ts'
import { downloadView } from '../download-view.ts'
import { escapeLine } from '../escape.ts'
import { type ImageFlags, imageLimits, withImageOptions } from '../image-options.ts'
import { methodOf, withDeviceOption } from '../model-options.ts'
import { print, table } from '../terminal.ts'

interface EmbedFlags extends ImageFlags {
  image: string[]
  text: string[]
  together?: boolean
  method: string[]
  truncate?: boolean
  device: Device
  json?: boolean
}

const several = (value: string, before: string[]): string[] => [...before, value]

export const embedCommand = command<EmbedFlags>({
  name: 'embed',
  summary: 'Embed images and texts with CLIP, SigLIP or a method such as notellm-2, and compare them',
  examples: [
    'fovea embed openai/clip-vit-base-patch32 --image a.png b.png --text "a photo of a cat" "a photo of a dog"',
    'fovea embed google/siglip-base-patch16-224 --image a.png --text "a photo of a cat" --json',
    'fovea embed path/to/model --text "a photo of a cat" --json',
    'fovea embed mini --method notellm-2 --together --image a.png b.png --text "a red dress" "a vase" --json',
    'curl -s https://example.com/photo.png | fovea embed path/to/model --image - --text "a cat" "a dog"',
  ],
  configure: (program) =>
    withImageOptions(withDeviceOption(program))
      .argument(
        '<model>',
        'a folder of a CLIP or SigLIP model, or with --method of one that answers, or org/name of the hub',
      )
      .option('--image <files...>', 'image files (- is standard input)', several, [])
      .option('--text <texts...>', 'texts', several, [])
      .option('--method <method>', 'what makes an embedder of a model that answers, such as notellm-2', several, [])
      .option('--together', 'each image with the text of the same place, as one embedding; needs --method')
      .option('--truncate', 'cut texts that are too long for the model')
      .option('--json', 'print one JSON object: embeddings, logits, probabilities'),
  run: async ({ args: [name], options, signal }) => {
    assertInput(options)
    const images = await Promise.all(options.image.map((path) => readImage(path, imageLimits(options))))
    const model = await open(name as string, options, signal)
    try {
      const found = await model.embed({ ...asked(images, options), truncate: options.truncate, signal })
      print(options.json ? JSON.stringify(toJson(model, found)) : describe(model, found, options))
    } finally {
      await model.dispose()
    }
  },
})

/** Images and texts, apart or together. */
const asked = (images: readonly RgbImage[], { text, together }: EmbedFlags): EmbedOptions =>
  together ? { notes: images.map((image, at) => ({ image, text: text[at] })) } : { images, texts: text }

function assertInput({ image, text, together, method, truncate }: EmbedFlags): void {
  if (together && image.length !== text.length) {
    const message = `--together takes as many images as texts; there are ${image.length} and ${text.length}`
    throw new FoveaError('notes_uneven', 'usage', message)
  }
  if (truncate && method.length > 0)
    throw new FoveaError(
      'options_conflict',
      'usage',
      '--truncate is for texts of CLIP and SigLIP; leave it out with --method',
    )
  if (image.length + text.length === 0)
    throw new FoveaError('input_missing', 'usage', 'give images (--image) or texts (--text); see fovea embed --help')
  if (image.filter((path) => path === '-').length > 1)
    throw new FoveaError('stdin_twice', 'usage', 'standard input (-) can be only one of the images')
}

async function open(name: string, { device, method: texts }: EmbedFlags, signal: AbortSignal): Promise<Embeds> {
  const view = downloadView(signal)
  try {
    const method = await methodOf(texts)
    if (method) return await loadEmbedder(modelPath(name), { device, method, signal, onProgress: view.update })
    return await loadEmbedder(name, { device, signal, onProgress: view.update })
  } finally {
    view.stop()
  }
}

const numbers = (rows: readonly Float32Array[]): number[][] => rows.map((row) => Array.from(row))

/** Logits and probabilities have a row per image and a column per text. */
function toJson(model: Embeds, found: Embeddings): object {
  const { logits, probabilities } = model.similarity(found)
  return {
    model: model.name,
    family: model.family,
    width: model.width,
    images: numbers(found.images),
    texts: numbers(found.texts),
    ...(found.notes && { notes: numbers(found.notes) }),
    logits: numbers(logits),
    probabilities: numbers(probabilities),
  }
}

/** How well each image fits each text; of images or texts alone, how their embeddings begin. */
function describe(model: Embeds, found: Embeddings, { image, text, together }: EmbedFlags): string {
  if (together)
    return beginnings(
      'note',
      image.map((path, at) => `${path}: ${text[at]}`),
      found.notes ?? [],
    )
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
