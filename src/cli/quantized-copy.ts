import { readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { FoveaError } from '../errors.ts'
import { worldCalibration } from '../evaluation/calibration.ts'
import { loadModel } from '../evaluation/load-model.ts'
import { localSource } from '../hub/model-source.ts'
import { modelPath } from '../hub/package-root.ts'
import { resolveModel } from '../hub/resolve.ts'
import { readModel } from '../loading/node-read-model.ts'
import { readImage } from '../media/read-image.ts'
import type { CalibrationSample } from '../quantization/calibration.ts'
import { observedInputs } from '../quantization/schemes/calibrate.ts'
import type { Bits } from '../quantization/schemes/grid.ts'
import { quantizeFolder } from '../quantization/schemes/node-quantize-folder.ts'
import type { Scheme } from '../quantization/schemes/scheme.ts'
import { NodeBackend } from '../runtime/node/backend.ts'
import { note, print } from './terminal.ts'

export interface CopyFlags {
  scheme?: Scheme
  bits?: '4' | '8'
  calibrate?: string
  prompt?: string
  images?: number
}

interface CopyOptions extends CopyFlags {
  readonly out: string
  readonly json?: boolean
}

/** Writes a copy of a model whose linear layers lie on the grid of few bits. */
export async function writeQuantizedCopy(name: string, options: CopyOptions, signal: AbortSignal): Promise<void> {
  const { scheme = 'gptq', bits = '4', out, json } = options
  const folder = await resolveModel(modelPath(name), { signal })
  const { architecture, stored } = await readModel(await localSource(folder))
  const statistics = scheme === 'rtn' ? undefined : await calibrated(folder, options, signal)
  const width = Number(bits) as Bits
  const onLayer = (done: number, total: number) => {
    if (done === total || done % 20 === 0) note(`${done} of ${total} layers`)
  }
  const copy = { folder, out, architecture, stored, scheme, bits: width, statistics }
  const made = await quantizeFolder({ ...copy, onLayer, signal })
  const mean = meanOf(Object.values(made.errors))
  if (json) return print(JSON.stringify({ out, scheme, bits: width, ...made, meanError: mean }))
  const measured = mean === undefined ? '' : `, ${(100 * Math.sqrt(mean)).toFixed(2)} % error of their outputs`
  print(`wrote ${out}: ${made.layers} layers by ${scheme} in ${bits} bits${measured}; load it with --dtype int${bits}`)
}

async function calibrated(folder: string, options: CopyOptions, signal?: AbortSignal) {
  const samples = (options.calibrate ?? 'world') === 'world' ? worldCalibration.samples() : await samplesIn(options)
  const model = await loadModel(folder, { signal })
  try {
    return await observedInputs(model, samples, new NodeBackend())
  } finally {
    await model.dispose()
  }
}

const IMAGES = new Set(['.png', '.jpg', '.jpeg', '.webp', '.gif', '.bmp', '.avif', '.tif', '.tiff', '.heic', '.jxl'])

async function samplesIn({
  calibrate: folder = '',
  images = 16,
  prompt = 'Describe the image.',
}: CopyOptions): Promise<CalibrationSample[]> {
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
