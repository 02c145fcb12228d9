/** The model folder that is made of GGUF files, once, and kept in the cache. */
import { join } from 'node:path'
import { DTYPE_BYTES } from '../../checkpoints/dtypes.ts'
import { type Checkpoint, INDEX } from '../../checkpoints/open-checkpoint.ts'
import { safetensorsStream, type TensorStream } from '../../checkpoints/safetensors.ts'
import { withLock } from '../../hub/lock.ts'
import type { ModelSource } from '../../hub/model-source.ts'
import { cacheFolder, cacheKey, holds, KEY, openCached, save, saveEntry } from '../../quantization/node-cache.ts'
import { type GgufModel, ggufModel } from './model.ts'
import { findGguf, type GgufPair } from './node-find.ts'
import { streamOf } from './planned.ts'

/** Rises when the same files would become others. */
const VERSION = 'gguf 1'

export interface GgufOptions {
  /** The file of the vision side; that beside the model where it is not given. */
  readonly mmproj?: string
  readonly signal?: AbortSignal
  /** Called before weights are converted. */
  readonly onConvert?: () => void
}

const TEXTS = ['tokenizer.json', 'tokenizer_config.json', 'generation_config.json']

interface Found {
  readonly pair: GgufPair
  readonly model: GgufModel
}

async function find(name: string, mmproj?: string): Promise<Found> {
  const pair = await findGguf(name, mmproj)
  return { pair, model: await ggufModel(pair.language, pair.vision) }
}

/** What the heads say, as loading reads it; no weights are converted. */
function sourceOf(name: string, { pair, model }: Found): ModelSource {
  const files = [pair.language, pair.vision].map(({ path, size }) => ({ name: path, size }))
  const tensors: Checkpoint['tensors'] = new Map()
  let offset = 0
  for (const [tensor, planned] of model.tensors) {
    const { dtype, shape } = streamOf(planned)
    const byteLength = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype])
    tensors.set(tensor, { dtype, shape: [...shape], offset, byteLength, file: planned.file.path })
    offset += byteLength
  }
  const readText = async (file: string) =>
    model.settings[file] ?? (TEXTS.includes(file) ? model.texts()[file] : undefined)
  return { name, isLocal: false, files, readText, tensors: async () => tensors }
}

/** The model of GGUF files. Throws FoveaError those of `findGguf` and `ggufModel`. */
export const ggufSource = async (name: string, mmproj?: string): Promise<ModelSource> =>
  sourceOf(name, await find(name, mmproj))

/**
 * The folder with the model of GGUF files in Hugging Face form. Weights in blocks become numbers of 16 bits, which is what
 * the engine maps.
 * @param check reads the model before its weights are converted, which takes a while; what it throws ends this
 * @throws FoveaError those of `findGguf` and `ggufModel`; kind `resource` `disk_full`, `folder_unwritable`
 */
export async function ggufFolder(
  name: string,
  { mmproj, signal, onConvert }: GgufOptions,
  check: (source: ModelSource) => Promise<unknown>,
): Promise<string> {
  const found = await find(name, mmproj)
  await check(sourceOf(name, found))
  const cache = cacheFolder()
  const { language, vision } = found.pair
  const key = await cacheKey([language.path, vision.path], [VERSION], cache)
  const folder = join(cache, 'gguf', key)
  const tensors = new Map([...found.model.tensors].map(([tensor, planned]) => [tensor, streamOf(planned, signal)]))
  const weights = join(folder, `${key}.safetensors`)
  const isThere = async () => (await openCached(weights, key, (file) => holds(file, tensors))) !== undefined
  const convert = async () => {
    if (await isThere()) return
    onConvert?.()
    await writeFolder(folder, key, found.model, tensors)
  }
  if (!(await isThere())) await withLock(join(cache, 'gguf', `${key}.lock`), convert, { signal })
  return folder
}

/** The weights come last: with them the folder is whole. */
async function writeFolder(folder: string, key: string, model: GgufModel, tensors: ReadonlyMap<string, TensorStream>) {
  const file = `${key}.safetensors`
  const index = JSON.stringify({ weight_map: Object.fromEntries([...tensors.keys()].map((tensor) => [tensor, file])) })
  for (const [name, text] of Object.entries({ ...model.settings, ...model.texts(), [INDEX]: index }))
    await save(join(folder, name), new TextEncoder().encode(text))
  await saveEntry(join(folder, file), safetensorsStream(tensors, { [KEY]: key }))
}
