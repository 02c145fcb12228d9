import { readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { Option } from 'commander'
import { FoveaError } from '../../errors.ts'
import { worldCalibration } from '../../evaluation/calibration.ts'
import { loadModel } from '../../evaluation/load-model.ts'
import { localSource } from '../../hub/model-source.ts'
import { modelPath } from '../../hub/package-root.ts'
import { resolveModel } from '../../hub/resolve.ts'
import { readModel } from '../../loading/node-read-model.ts'
import { readImage } from '../../media/read-image.ts'
import type { CalibrationSample } from '../../quantization/calibration.ts'
import { observedInputs } from '../../quantization/schemes/calibrate.ts'
import type { Bits } from '../../quantization/schemes/grid.ts'
import { quantizeFolder } from '../../quantization/schemes/node-quantize-folder.ts'
import { SCHEMES, type Scheme } from '../../quantization/schemes/scheme.ts'
import { NodeBackend } from '../../runtime/node/backend.ts'
import { command } from '../command.ts'
import { integer } from '../parsers.ts'
import { note, print } from '../terminal.ts'

interface QuantizeOptions {
  scheme: Scheme
  bits: '4' | '8'
  calibrate: string
  prompt: string
  images: number
  out: string
  json?: boolean
}

export const quantizeCommand = command<QuantizeOptions>({
  name: 'quantize',
  summary: 'Write a copy of a model whose linear layers lie on the grid of few bits',
  examples: [
    'fovea quantize mini --scheme awq --bits 4 --out models/mini-awq4',
    'fovea quantize org/name --scheme gptq --bits 4 --calibrate photos --out models/name-gptq4',
    'fovea ask photo.png "what is this?" --model models/mini-awq4 --dtype int4 --method fastv:keep=.25',
  ],
  configure: (program) =>
    program
      .argument('<model>', 'a model folder, org/name of the hub, or "mini"')
      .addOption(new Option('--scheme <scheme>', 'how weights are rounded').choices(SCHEMES).default('gptq'))
      .addOption(
        new Option('--bits <bits>', 'of a weight; load with --dtype int4 or int8').choices(['4', '8']).default('4'),
      )
      .option('--calibrate <images>', 'a folder of images that the model is to be good at, or "world"', 'world')
      .option('--prompt <text>', 'what is asked about images of a folder', 'Describe the image.')
      .option('--images <count>', 'images of a folder that are looked at', integer(1), 16)
      .requiredOption('--out <folder>', 'where the copy is written')
      .option('--json', 'print one JSON object'),
  finishes: true,
  run: async ({ args: [name], options, signal }) => {
    const { scheme, bits, out, json } = options
    const folder = await resolveModel(modelPath(name as string), { signal })
    const { architecture, stored } = await readModel(await localSource(folder))
    const statistics = scheme === 'rtn' ? undefined : await calibrated(folder, options, signal)
    const width = Number(bits) as Bits
    const onLayer = (done: number, total: number) => {
      if (done === total || done % 20 === 0) note(`${done} of ${total} layers`)
    }
    const made = await quantizeFolder({
      folder,
      out,
      architecture,
      stored,
      scheme,
      bits: width,
      statistics,
      onLayer,
      signal,
    })
    const mean = meanOf(Object.values(made.errors))
    if (json) return print(JSON.stringify({ out, scheme, bits: width, ...made, meanError: mean }))
    const measured = mean === undefined ? '' : `, ${(100 * Math.sqrt(mean)).toFixed(2)} % error of their outputs`
    print(
      `wrote ${out}: ${made.layers} layers by ${scheme} in ${bits} bits${measured}; load it with --dtype int${bits}`,
    )
  },
})

async function calibrated(folder: string, options: QuantizeOptions, signal?: AbortSignal) {
  const samples = options.calibrate === 'world' ? worldCalibration.samples() : await samplesIn(options)
  const model = await loadModel(folder, { signal })
  try {
    return await observedInputs(model, samples, new NodeBackend())
  } finally {
    await model.dispose()
  }
}

const IMAGES = new Set(['.png', '.jpg', '.jpeg', '.webp', '.gif', '.bmp', '.avif', '.tif', '.tiff', '.heic', '.jxl'])

async function samplesIn({ calibrate: folder, images, prompt }: QuantizeOptions): Promise<CalibrationSample[]> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    const message = `${folder}: cannot be read as a folder of images (${cause.code}); name one, or --calibrate world`
    throw new FoveaError('folder_unreadable', 'input', message, { cause })
  })
  const found = names.filter((name) => IMAGES.has(extname(name).toLowerCase())).sort()
  if (found.length === 0)
    throw new FoveaError('images_missing', 'input', `${folder} holds no images; name a folder that does`)
  const chosen = found.slice(0, images).map((name) => join(folder, name))
  return Promise.all(chosen.map(async (path) => ({ image: await readImage(path), prompt })))
}

const meanOf = (values: readonly number[]): number | undefined =>
  values.length ? values.reduce((a, b) => a + b) / values.length : undefined
